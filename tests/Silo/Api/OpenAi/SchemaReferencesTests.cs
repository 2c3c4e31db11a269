using System.Text.Json.Nodes;
using Crescent.Silo.Api.OpenAi;

namespace Crescent.Tests.Silo.Api.OpenAi;

public sealed class SchemaReferencesTests
{
    [Theory]
    [InlineData("""{"$ref":"#"}""", """{"$ref":"#/at"}""")]
    [InlineData("""{"anyOf":[{"$ref":"#/$defs/a"},{"items":{"$ref":"#/items"}}],"$defs":{"a":{"$ref":"#"}}}""", """{"anyOf":[{"$ref":"#/at/$defs/a"},{"items":{"$ref":"#/at/items"}}],"$defs":{"a":{"$ref":"#/at"}}}""")]
    [InlineData("""{"properties":{"$ref":{"type":"string"},"enum":{"$ref":"#/x"}}}""", """{"properties":{"$ref":{"type":"string"},"enum":{"$ref":"#/at/x"}}}""")]
    [InlineData("""{"enum":[{"$ref":"#/x"}],"const":{"$ref":"#"},"default":{"$ref":"#"}}""", """{"enum":[{"$ref":"#/x"}],"const":{"$ref":"#"},"default":{"$ref":"#"}}""")]
    [InlineData("""{"$ref":"https://example.com"}""", """{"$ref":"https://example.com"}""")]
    public void References_of_schemas_move_and_values_stay(string schema, string moved)
    {
        var node = JsonNode.Parse(schema);
        SchemaReferences.Move(node, "#/at");
        Assert.Equal(moved, node!.ToJsonString());
    }
}
