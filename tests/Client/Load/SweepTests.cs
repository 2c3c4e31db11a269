using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Load.Sweeps;

namespace Crescent.Tests.Client.Load;

public sealed class SweepTests
{
    private static readonly Sweep Frontier = new()
    {
        Command = "client sweep",
        Server = "http://127.0.0.1/",
        Model = "m",
        Axis = SweepAxis.Concurrency,
        Slo = "ttft=1s",
        Points = [Point(1, 200, 100, 1), Point(2, 180, 190, 1), Point(4, 170, 350, 0.99), Point(8, 90, 500, 0.96), Point(16, 40, 560, 0.7), Point(32, 18, 555, 0.1)],
    };

    [Fact]
    public void Doubling_goes_on_until_it_gives_no_more_twice()
    {
        double[] volumes = [100, 200, 390, 400, 402, 500];
        Assert.Equal([1, 2, 4, 8, 16], Walk(new SweepWalk(null, 1000, 0, static _ => true, isWhole: true), (load, place) => Point(load, 10, volumes[place])));
    }

    [Fact]
    public void Doubling_ends_at_the_bound_and_where_calls_fail()
    {
        Assert.Equal([1, 2, 4, 8, 10], Walk(new SweepWalk(null, 10, 0, static _ => true, isWhole: true), static (load, _) => Point(load, 10, load * 100)));
        Assert.Equal([1, 2, 4], Walk(new SweepWalk(null, 1000, 0, static _ => true, isWhole: true), static (load, _) => Point(load, 10, load * 100) with { Errors = load >= 4 ? 0.2 : 0 }));
    }

    [Fact]
    public void Named_loads_are_made_as_they_stand_and_refined_between_kept_and_broken()
    {
        var walk = new SweepWalk([4, 16, 64], 256, 4, static point => point.Attained >= 0.95, isWhole: true);
        Assert.Equal([4, 16, 64, 32, 23, 19, 21], Walk(walk, static (load, _) => Point(load, 10, 100, load <= 20 ? 1 : 0)));
    }

    [Fact]
    public void Where_all_keep_what_is_asked_nothing_is_refined()
    {
        Assert.Equal([4, 16], Walk(new SweepWalk([4, 16], 256, 4, static _ => true, isWhole: true), static (load, _) => Point(load, 10, 100)));
        Assert.Equal([4, 16], Walk(new SweepWalk([4, 16], 256, 4, static _ => false, isWhole: true), static (load, _) => Point(load, 10, 100)));
    }

    [Fact]
    public void The_knee_is_farthest_above_the_line_between_the_ends_and_the_SLO_point_the_last_that_keeps_it()
    {
        Assert.Equal(4, Frontier.Knee!.Load);
        Assert.Equal(8, Frontier.SloPoint!.Load);
        Assert.Null((Frontier with { Points = [.. Frontier.Points.Take(2)] }).Knee);
        Assert.Null((Frontier with { Slo = null }).SloPoint);
    }

    [Fact]
    public void Agents_count_by_the_speed_of_the_slower_quarter_and_by_late_first_tokens()
    {
        var tier = AgentTier.Parse("60:5s")![0];
        var point = Point(100, 80, 1) with { UserSpeedP25 = 61, FirstP95 = 4.9, Watts = 50_000 };
        Assert.True(tier.Keeps(point));
        Assert.False(tier.Keeps(point with { UserSpeedP25 = 59 }));
        Assert.False(tier.Keeps(point with { FirstP95 = 5.1 }));
        Assert.False(tier.Keeps(point with { Errors = 0.02 }));
        Assert.False(tier.Keeps(point with { UserSpeedP25 = double.NaN }));
        var sweep = Frontier with { Axis = SweepAxis.Agents, Points = [point, point with { Load = 200, FirstP95 = 9 }], Tiers = [tier] };
        Assert.Equal((100, 2000), ((double)SweepDocument.Json(sweep)["tiers"]![0]!["agents"]!, (double)SweepDocument.Json(sweep)["tiers"]![0]!["agents_per_megawatt"]!));
        Assert.Null(AgentTier.Parse("60"));
        Assert.Null(AgentTier.Parse("60:x"));
    }

    [Fact]
    public async Task A_sweep_that_was_written_is_overlaid_with_the_volumes_that_are_drawn()
    {
        using var folder = new TemporaryFolder();
        var cancel = TestContext.Current.CancellationToken;
        var powered = Frontier with { Points = [.. Frontier.Points.Select(static point => point with { Watts = 1000 })] };
        await File.WriteAllTextAsync(folder.At("old.json"), SweepDocument.Json(powered).ToJsonString(), cancel);
        var line = Assert.Single(await SweepDocument.Curves(new FileInfo(folder.At("old.json")), perMegawatt: true, cancel));
        Assert.Equal((200, 100_000, "1"), line.Points[0]);
        Assert.Equal((200, 100, "1"), (await SweepDocument.Curves(new FileInfo(folder.At("old.json")), perMegawatt: false, cancel))[0].Points[0]);
        await File.WriteAllTextAsync(folder.At("dark.json"), SweepDocument.Json(Frontier).ToJsonString(), cancel);
        await Assert.ThrowsAsync<FactoryException>(() => SweepDocument.Curves(new FileInfo(folder.At("dark.json")), perMegawatt: true, cancel));
        await File.WriteAllTextAsync(
            folder.At("computed.json"), """{"frontiers":[{"gpu":"h100","model":"x","points":[{"tokens_per_second_per_user":39,"tokens_per_second_per_megawatt":176000}]}]}""", cancel);
        var computed = Assert.Single(await SweepDocument.Curves(new FileInfo(folder.At("computed.json")), perMegawatt: true, cancel));
        Assert.Equal((true, (39, 176_000, "")), (computed.IsComputed, computed.Points[0]));
        await Assert.ThrowsAsync<FactoryException>(() => SweepDocument.Curves(new FileInfo(folder.At("none.json")), perMegawatt: null, cancel));
    }

    [Fact]
    public void A_page_needs_no_other_file_and_no_text_breaks_out_of_it()
    {
        var page = SweepTable.Page(Frontier with { Model = "</script><script>alert(1)</script>" }, [1, 2, 3]);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains("data:image/png;base64,AQID", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://www", page, StringComparison.Ordinal);
        var data = page[(page.IndexOf("id=\"data\">", StringComparison.Ordinal) + 10)..];
        Assert.Equal("sweep", (string?)JsonNode.Parse(data[..data.IndexOf("</script>", StringComparison.Ordinal)])!["kind"]);
    }

    [Fact]
    public void The_published_points_of_Hopper_are_drawn_over_a_megawatt_alone()
    {
        var powered = Frontier with { Points = [.. Frontier.Points.Select(static point => point with { Watts = 1000 })] };
        Assert.Equal(180_000, SweepPicture.Of(powered, [], hopper: true).MostVolume?.Volume);
        Assert.Equal(225, SweepPicture.Of(powered, [], hopper: true).MostSpeed?.Speed);
        Assert.Null(SweepPicture.Of(Frontier, [], hopper: true).MostVolume);
        var picture = SweepPicture.Of(powered with { Simulated = true, PowerBy = "1MW, as given" }, [], hopper: true);
        Assert.Contains("Simulated", picture.Notes[0], StringComparison.Ordinal);
        Assert.True(picture.Png().Length > 5000);
    }

    private static SweepPoint Point(double load, double speed, double volume, double attained = 1) => new()
    {
        Load = load,
        UserSpeed = speed,
        UserSpeedP25 = speed,
        TokensPerSecond = volume,
        FirstP50 = 0.1,
        FirstP95 = 0.2,
        TokenGap = 1 / speed,
        Attained = attained,
        Errors = 0,
    };

    private static List<double> Walk(SweepWalk walk, Func<double, int, SweepPoint> measure)
    {
        var done = new List<SweepPoint>();
        while (walk.Next(done) is { } load)
        {
            done.Add(measure(load, done.Count));
        }

        return [.. done.Select(static point => point.Load)];
    }
}
