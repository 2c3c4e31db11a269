namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>A prompt has more code points than it may have; what it would have in all is not known.</summary>
/// <param name="length">Code points that it has at least.</param>
internal sealed class OutputTooLongException(long length) : Exception($"The prompt has {length} characters at least.")
{
    /// <summary>Code points that it has at least.</summary>
    public long Length { get; } = length;
}
