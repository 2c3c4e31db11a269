using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Grains.Contracts.Identity;

/// <summary>JSON of a key file. A field that is not known is an error: it might be a quota that is then not kept.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    Converters = [typeof(KeyRoleText)],
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(KeyFile))]
[JsonSerializable(typeof(VersionOnly))]
internal sealed partial class KeyFileJson : JsonSerializerContext;

/// <summary>Roles as <c>user</c> and <c>admin</c>.</summary>
internal sealed class KeyRoleText() : JsonStringEnumConverter<KeyRole>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary>The version of a key file, whatever else it has.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record VersionOnly(int? Version = null);
