using System.Reflection;
using System.Text.RegularExpressions;

namespace Crescent.Tests.Structure;

/// <summary>Each line of the threat model names the tests that hold it.</summary>
public sealed partial class ThreatModelTests
{
    [Fact]
    public void Every_test_that_the_threat_model_names_is_there()
    {
        var named = Name().Matches(File.ReadAllText(TestFiles.Project("docs", "security.md"))).Select(static match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).ToList();
        var tests = typeof(ThreatModelTests).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance).Select(method => (Class: type.Name, Method: method.Name)))
            .ToHashSet();
        Assert.True(named.Count > 20, $"Only {named.Count} tests are named.");
        Assert.All(named, test => Assert.Contains(test, tests));
    }

    [GeneratedRegex("`([A-Z][A-Za-z]*Tests)\\.([A-Z][A-Za-z_]*)`", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
