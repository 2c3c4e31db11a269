using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>Which objects of a list or watch are meant: by labels (<c>a=b,c!=d,e,!f</c>) and by fields (<c>metadata.name=a</c>).</summary>
internal sealed class ApiSelector
{
    private readonly List<Predicate<JsonObject>> _all = [];

    /// <param name="labels">By labels; null for all.</param>
    /// <param name="fields">By fields; null for all.</param>
    /// <exception cref="ApiFault">Sets (<c>a in (b)</c>) are not known here.</exception>
    public ApiSelector(string? labels, string? fields)
    {
        foreach (var term in Terms(labels))
        {
            _all.Add(Term(term, static (it, name) => (string?)it["metadata"]?["labels"]?[name]));
        }

        foreach (var term in Terms(fields))
        {
            _all.Add(Term(term, static (it, path) => path.Split('.').Aggregate((JsonNode?)it, static (node, part) => node?[part])?.ToString()));
        }
    }

    /// <summary>Whether an object is one of them.</summary>
    public bool Matches(JsonObject it) => _all.TrueForAll(term => term(it));

    private static string[] Terms(string? all) => (all ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static Predicate<JsonObject> Term(string term, Func<JsonObject, string, string?> value)
    {
        if (term.Contains(' ', StringComparison.Ordinal))
        {
            throw ApiFault.Bad($"Selectors by sets are not known here: {term}");
        }

        if (term.Split("!=") is [var other, var not])
        {
            return it => value(it, other) != not;
        }

        if (term.Replace("==", "=", StringComparison.Ordinal).Split('=') is [var name, var wanted])
        {
            return it => (value(it, name) ?? "") == wanted;
        }

        return term[0] == '!' ? it => value(it, term[1..]) is null : it => value(it, term) is not null;
    }
}
