using System.Text.Json;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>A field of a dialect that is not obeyed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsPlain">Whether a value asks for nothing, or for what is done anyway.</param>
/// <param name="Remedy">What does what the others ask for.</param>
internal sealed record DialectField(string Name, Func<JsonElement, bool> IsPlain, string Remedy);
