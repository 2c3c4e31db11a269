using System.Reflection;
using Crescent.Engine.Devices;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Crescent.Tests.Grains.Wire;

/// <summary>
/// What silos of different versions say to each other. The files in <c>tests/data/wire</c> were written by this version; a test that fails on one has found
/// a change that earlier silos do not understand. A new sample writes its file when <c>CRESCENT_WRITE_WIRE</c> is set.
/// </summary>
public sealed class WireTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly Serializer _serializer;

    public WireTests()
    {
        _serializer = _services.GetRequiredService<Serializer>();
    }

    public static TheoryData<string> Samples => [.. WireSamples.All.Keys];

    public static TheoryData<string> Types => [.. Records.Keys];

    /// <summary>The types of the wire that are made without arguments, by name.</summary>
    private static Dictionary<string, Type> Records { get; } = new[] { typeof(SiloReport).Assembly, typeof(ChatCall).Assembly }
        .SelectMany(static a => a.GetTypes())
        .Where(static t => t.IsDefined(typeof(AliasAttribute)) && t is { IsClass: true, IsGenericType: false }
            && t.GetConstructor(Type.EmptyTypes) is not null && !t.IsSubclassOf(typeof(PlacementStrategy)))
        .ToDictionary(static t => t.Name);

    /// <summary>Members that are names, states and causes: of the factory's own making, or such as logs may have.</summary>
    private static HashSet<string> Names { get; } =
    [
        "Id", "Name", "Key", "Kind", "State", "Status", "Mode", "Stage", "Role", "Policy", "Silo", "Device", "Description", "Activations", "Model", "KvType", "Node", "Rack", "Address", "ClusterId", "Step", "Tool",
        "Governor", "Controller", "Planner", "Of", "Leaving", "Level", "Action", "Gate", "Home", "Asker", "Prefer", "Preferred", "Chosen", "Taken", "Previous", "RequestId", "WattsSource", "EnergySource",
        "What", "Why", "Cause", "Message", "Fault", "LastError", "Loading", "LoadFault", "DraftModel",
    ];

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_bytes_of_this_version_are_written_and_read_as_they_were(string name)
    {
        var sample = WireSamples.All[name];
        var path = TestFiles.Project("tests", "data", "wire", $"{name}.hex");
        var bytes = WireSamples.Write(_serializer, sample);
        if (Environment.GetEnvironmentVariable("CRESCENT_WRITE_WIRE") is not null && !File.Exists(path))
        {
            File.WriteAllText(path, Convert.ToHexStringLower(bytes) + "\n");
        }

        var kept = Convert.FromHexString(File.ReadAllText(path).Trim());
        Assert.Equal(kept, bytes);
        Assert.Equal(kept, WireSamples.Write(_serializer, WireSamples.Read(_serializer, sample.GetType(), kept)));
    }

    [Fact]
    public void A_message_that_is_logged_for_being_late_or_lost_shows_names_alone()
    {
        // Orleans logs a lost answer as it prints itself, and a lost call by the types of its arguments.
        var told = new[] { typeof(SiloReport).Assembly, typeof(ChatCall).Assembly }
            .SelectMany(static a => a.GetTypes())
            .Where(static t => t.IsDefined(typeof(GenerateSerializerAttribute)) && t is { IsAbstract: false, IsGenericType: false } && t.GetMethod("<Clone>$") is not null)
            .SelectMany(static t => t.GetProperties().Where(static p => p.PropertyType == typeof(string) && p.SetMethod is not null).Select(p => (Type: t, Property: p)))
            .Where(static one => Shows(one.Type, one.Property))
            .Select(static one => one.Property.Name)
            .ToHashSet();
        Assert.Contains(nameof(AgentView.Id), told);
        Assert.Empty(told.Except(Names));
    }

    private static bool Shows(Type type, PropertyInfo property)
    {
        const string Value = "zebrafinch";
        var one = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
        foreach (var array in type.GetProperties().Where(static p => p.PropertyType.IsArray && p.SetMethod is not null))
        {
            array.SetValue(one, Array.CreateInstance(array.PropertyType.GetElementType()!, 0));
        }

        property.SetValue(one, Value);
        return one.ToString()!.Contains(Value, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_member_that_a_sender_does_not_know_has_its_default(string name)
    {
        var type = Records[name];

        // A message of a later version that has left everything out but what it has added.
        var message = type.BaseType == typeof(object)
            ? _serializer.SerializeToArray(new AddedOnly { Added = "new" })
            : _serializer.SerializeToArray(new AddedBelow { Added = "new", More = "newer" });
        var read = WireSamples.Read(_serializer, type, message);
        var fresh = Activator.CreateInstance(type);
        var members = type.GetProperties().Where(static p => p.GetCustomAttribute<IdAttribute>() is not null).ToList();
        Assert.NotEmpty(members);
        foreach (var member in members)
        {
            Assert.Equivalent(member.GetValue(fresh), member.GetValue(read), strict: true);
        }
    }

    [Fact]
    public void A_member_that_was_added_has_its_default_in_what_earlier_silos_send()
    {
        var bytes = Convert.FromHexString(File.ReadAllText(TestFiles.Project("tests", "data", "wire", "submission.hex")).Trim());
        var next = _serializer.Deserialize<NextSubmission>(bytes)!;
        var sent = (Submission)WireSamples.All["submission"];
        Assert.Equal((sent.Prefer, sent.CachedTokens, "by default"), (next.Prefer, next.CachedTokens, next.Added));
    }

    [Theory]
    [InlineData("silo-report-before-health")]
    [InlineData("silo-report-before-programs")]
    [InlineData("silo-report-before-windows")]
    [InlineData("silo-report-before-drafts")]
    public void A_report_of_a_silo_that_does_not_tell_its_devices_health_programs_windows_or_drafts_is_read(string name)
    {
        var bytes = Convert.FromHexString(File.ReadAllText(TestFiles.Project("tests", "data", "wire", $"{name}.hex")).Trim());
        var device = Assert.Single(_serializer.Deserialize<SiloReport>(bytes)!.Devices);
        var sent = Assert.Single(((SiloReport)WireSamples.All["silo-report"]).Devices);
        Assert.Equivalent(sent, device, strict: true);
        Assert.Equal((0, 0.0, null, 0L, 1.0), (device.FailedSteps, device.StalledSeconds, device.LastError, device.RequestFaults, device.ProgramFairness));
    }

    [Fact]
    public void Cache_events_of_a_silo_that_does_not_tell_its_block_size_are_of_blocks_of_16()
    {
        var bytes = Convert.FromHexString(File.ReadAllText(TestFiles.Project("tests", "data", "wire", "kv-events-before-block-size.hex")).Trim());
        Assert.Equivalent((KvEventMessage)WireSamples.All["kv-events"] with { BlockSize = 16, HasStates = false, Windows = [] }, _serializer.Deserialize<KvEventMessage>(bytes), strict: true);
    }

    [Fact]
    public void Cache_events_of_a_silo_that_does_not_tell_where_sequences_begin_are_of_a_device_on_which_they_begin_behind_any_block()
    {
        var bytes = Convert.FromHexString(File.ReadAllText(TestFiles.Project("tests", "data", "wire", "kv-events-before-places.hex")).Trim());
        var read = _serializer.Deserialize<KvEventMessage>(bytes)!;
        Assert.Equivalent((KvEventMessage)WireSamples.All["kv-events"] with { HasStates = false, Windows = [] }, read, strict: true);
        Assert.True(read.Places().IsAnywhere);
    }

    [Fact]
    public void What_silos_that_still_know_sessions_need_of_a_device_is_read_without()
    {
        var bytes = Convert.FromHexString(File.ReadAllText(TestFiles.Project("tests", "data", "wire", "placement-needs-with-session.hex")).Trim());
        Assert.Equivalent(WireSamples.All["placement-needs"], WireSamples.Read(_serializer, typeof(PlacementNeeds), bytes), strict: true);
    }

    [Fact]
    public void A_member_that_was_added_is_passed_over_by_silos_that_do_not_know_it()
    {
        var bytes = _serializer.SerializeToArray(new NextSubmission { Prefer = "silo/gpu", CachedTokens = 7, Added = "something", Nested = new AddedOnly { Added = "more" } });
        var read = _serializer.Deserialize<Submission>(bytes)!;
        Assert.Equal(("silo/gpu", 7), (read.Prefer, read.CachedTokens));
    }

    [Fact]
    public void What_a_request_does_not_tell_has_its_default_and_what_it_tells_in_addition_is_passed_over()
    {
        var fields = """{"Prompt":[],"MaxTokens":3,"Sampling":{"Temperature":0.5,"Later":[1]},"Later":{"More":true}}"""u8.ToArray();
        var read = new InferenceRequestConverter().ConvertFromSurrogate(new InferenceRequestWire { Prompt = [1, 2], Fields = fields });
        var meant = new InferenceRequest { Prompt = [1, 2], MaxTokens = 3, Sampling = new SamplingParameters { Temperature = 0.5f } };
        Assert.Equivalent(meant, read, strict: true);
    }

    [Fact]
    public void What_is_missing_of_a_devices_profile_has_its_default()
    {
        var zero = new DeviceProfile
        {
            StepSeconds = 0,
            SequenceSeconds = 0,
            ContextSeconds = 0,
            PromptSeconds = 0,
            IdleWatts = 0,
            AwakeWatts = 0,
            StaticWatts = 0,
            DecodeBaseWatts = 0,
            PrefillWatts = 0,
            MinCapWatts = 0,
            MaxCapWatts = 0,
        };
        Assert.Equal(zero, new DeviceProfileConverter().ConvertFromSurrogate(default));
    }

    [Fact]
    public void A_bill_of_a_silo_that_does_not_tell_what_was_lost_has_nothing_lost()
    {
        var bill = _serializer.Deserialize<AgentBill>(_serializer.SerializeToArray(new EarlierBill { Calls = 3, Joules = 1.5 }))!;
        Assert.Equal(new AgentBill { Calls = 3, Joules = 1.5 }, bill);
        Assert.Equal(new AgentLoss(), bill.Lost);
    }

    [Fact]
    public void A_task_as_it_is_told_now_is_read_by_a_version_that_has_a_member_more()
    {
        var bytes = Convert.FromHexString(File.ReadAllText(TestFiles.Project("tests", "data", "wire", "agent-view.hex")).Trim());
        var sent = (AgentView)WireSamples.All["agent-view"];
        Assert.Equal(new NextView { Id = sent.Id, Silo = sent.Silo }, _serializer.Deserialize<NextView>(bytes));
    }

    [Fact]
    public void Steps_and_approvals_of_a_task_are_told_with_it()
    {
        var sent = (AgentView)WireSamples.All["agent-view"] with { Steps = [(AgentStepView)WireSamples.All["agent-step"]], Approvals = [(AgentApproval)WireSamples.All["agent-approval"]] };
        Assert.Equivalent(sent, _serializer.Deserialize<AgentView>(_serializer.SerializeToArray(sent)), strict: true);
    }

    [Fact]
    public void A_silo_tells_its_version()
    {
        var report = (SiloReport)WireSamples.All["silo-report"];
        Assert.Equal(1, report.Version);
        Assert.Equal(1, ((TokenFrame)WireSamples.All["token-frame"]).Version);
    }
}
