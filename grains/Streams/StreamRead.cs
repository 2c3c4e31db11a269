using System.Text;
using Crescent.Engine.Sampling;
using Crescent.Grains.Frames;

namespace Crescent.Grains.Streams;

/// <summary>What a stream's reader finds; valid until it reads again.</summary>
/// <param name="Tokens">Tokens since the last read.</param>
/// <param name="Utf8">Text since the last read, in UTF-8.</param>
/// <param name="Logprobs">One for each of <paramref name="Tokens"/> when the call asks for them, else none.</param>
/// <param name="End">Set when the stream has ended: nothing follows.</param>
/// <param name="Lost">Set when the attempt was given up after the tokens of this read: why. The stream waits for another attempt.</param>
/// <param name="Moved">Whether that was planned: the device was well.</param>
internal readonly record struct StreamRead(
    IReadOnlyList<int> Tokens, ReadOnlyMemory<byte> Utf8, IReadOnlyList<TokenLogprobs> Logprobs, StreamEnd? End, string? Lost, bool Moved)
{
    /// <summary><see cref="Utf8"/> as a string.</summary>
    public string Text => Encoding.UTF8.GetString(Utf8.Span);
}
