namespace Crescent.Engine.Model.Gguf;

/// <summary>A model file that cannot be used; the message names the file, the field and the offset where the fault lies.</summary>
public sealed class InvalidModelException : Exception
{
    /// <summary>A fault in <paramref name="field"/> at byte <paramref name="offset"/> of <paramref name="path"/>.</summary>
    public InvalidModelException(string path, string field, long offset, string fault)
        : base($"{path}: {field} at byte {offset}: {fault}")
    {
        Path = path;
        Field = field;
        Offset = offset;
    }

    /// <summary>A fault that belongs to no one place in the file, such as a missing tensor.</summary>
    public InvalidModelException(string path, string field, string fault)
        : base($"{path}: {field}: {fault}")
    {
        Path = path;
        Field = field;
        Offset = -1;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What was being read: a metadata key, a tensor's name or a part of the header.</summary>
    public string Field { get; }

    /// <summary>Byte offset in the file, or -1 where the fault has no one place.</summary>
    public long Offset { get; }
}
