using Crescent.Engine.Scheduling;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Whose request it is: what its energy is charged to, and what shares a device fairly.</summary>
/// <param name="Tenant">The key's or token's. Where nobody is asked, the user: empty when there is none.</param>
/// <param name="User">From the field <c>user</c>, without it from the header; empty when neither is there. Parts the programs of a tenant.</param>
/// <param name="Task">The agent task, from the field <c>crescent.task</c>, without it from the header; empty when neither is there.</param>
/// <param name="Program">What it is a call of.</param>
/// <param name="SharesCache">Whether its cached prefixes are shared with others that share theirs.</param>
internal readonly record struct RequestOwner(string Tenant, string User, string Task, RequestProgram Program, bool SharesCache)
{
    /// <summary>The span that it is a part of; empty where it is not traced, null where this silo traces nothing.</summary>
    public string? TraceParent { get; private init; }

    public const string TenantHeader = "X-Crescent-Tenant";
    public const string TaskHeader = "X-Crescent-Task";

    /// <summary>Longest name, in characters.</summary>
    public const int MaxLength = 256;

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">A name is too long, or that of a program empty.</exception>
    public static RequestOwner Read(HttpContext http, RequestFields body)
    {
        var own = body.Object("crescent");
        var task = Checked(own?.Text("task"), "crescent.task") ?? Header(http, TaskHeader);
        own?.RefuseUnread("task");
        var caller = Caller.Of(http);
        var user = Checked(body.Text("user"), "user") ?? Header(http, TenantHeader);
        return new RequestOwner(
            caller.IsKnown ? caller.Tenant : user,
            user,
            task,
            RequestProgram.Read(http.Request.Headers, body),
            caller.IsKnown ? http.RequestServices.GetRequiredService<KeyBook>().TermsOf(caller.Tenant).ShareCache : user.Length == 0)
        {
            TraceParent = RequestSpans.ParentOf(http),
        };
    }

    /// <summary>The call as this owner's.</summary>
    public InferenceRequest Own(InferenceRequest call) => call with
    {
        Tenant = Tenant,
        Task = Task,
        Program = AmongTenants(Program.Id),
        ParentProgram = AmongTenants(Program.Parent),
        IsCritical = Program.IsCritical,
        EndsProgram = Program.IsFinal,
        TraceParent = TraceParent,
        CacheSalt = call.WantsEmbedding ? call.CacheSalt : Salt(call.CacheSalt),
    };

    /// <summary>Name of the user's program among all of the tenant's; null for none.</summary>
    private string? AmongTenants(string? program) => program is null || Tenant == User ? program : $"{User.Length}:{User}{program}";

    /// <summary>
    /// What parts the cached prefixes of this request from others': its tenant, and the salt that it has itself. Otherwise <c>cached_tokens</c> would tell
    /// each tenant what another has sent.
    /// </summary>
    /// <param name="own">The request's own; null for none.</param>
    public string? Salt(string? own) => !SharesCache ? $"{Tenant.Length}:{Tenant}{own}" : own is null ? null : $"0:{own}";

    private static string Header(HttpContext http, string name) => Checked(http.Request.Headers[name].ToString(), name)!;

    internal static string? Checked(string? value, string name) => value is { Length: > MaxLength }
        ? throw ApiException.InvalidValue(name, $"'{name}' has {value.Length} characters; it takes up to {MaxLength}.")
        : value;
}
