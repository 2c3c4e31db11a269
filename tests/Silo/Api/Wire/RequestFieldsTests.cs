using System.Text.Json;
using Crescent.Silo.Api.Wire;

namespace Crescent.Tests.Silo.Api.Wire;

public sealed class RequestFieldsTests
{
    [Fact]
    public void Many_numbers_are_read_in_one_go()
    {
        // Looked up one by one, they would take ten thousand million comparisons.
        var names = Enumerable.Range(0, 100_000).Select(i => $"\"{new string('0', i % 10)}{i}\":1");
        using var document = JsonDocument.Parse($"{{{string.Join(',', names)}}}");
        var fields = new RequestFields(document.RootElement, "logit_bias");
        Assert.Equal(100_000, fields.Numbers(-100, 100).Count(static field => field.Value == 1));
        Assert.Empty(fields.Unread);
    }

    [Theory]
    [InlineData("""{"a":null,"b":2.5}""", "a=,b=2.5")]
    [InlineData("{}", "")]
    public void A_null_among_them_counts_as_none(string json, string expected)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Equal(expected, string.Join(',', new RequestFields(document.RootElement).Numbers(0, 3).Select(static field => FormattableString.Invariant($"{field.Key}={field.Value}"))));
    }

    [Theory]
    [InlineData("""{"a":1,"b":4}""", "map.b")]
    [InlineData("""{"a":"1"}""", "map.a")]
    public void One_that_is_wrong_is_named(string json, string path)
    {
        using var document = JsonDocument.Parse(json);
        var fault = Assert.Throws<ApiException>(() => new RequestFields(document.RootElement, "map").Numbers(0, 3).Count());
        Assert.Equal(path, fault.Parameter);
    }
}
