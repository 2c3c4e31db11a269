using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// The bytes of a GGUF file at a fixed address: a mapped file, or a pinned buffer. Owner who forgets to dispose leaks the mapping
/// rather than leaving tensors that point nowhere: the address is held by a reference count that no finaliser returns.
/// </summary>
internal sealed unsafe class GgufBytes : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private MemoryHandle _pin;
    private byte* _start;

    private GgufBytes(MemoryMappedFile file, MemoryMappedViewAccessor view, long length)
    {
        _file = file;
        _view = view;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
        Length = length;
    }

    private GgufBytes(ReadOnlyMemory<byte> data)
    {
        _pin = data.Pin();
        _start = (byte*)_pin.Pointer;
        Length = data.Length;
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>First byte of the file.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public byte* Start
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null && Length > 0, typeof(GgufFile));
            return _start;
        }
    }

    /// <summary>Maps the file at <paramref name="path"/> for reading.</summary>
    /// <exception cref="FileNotFoundException">Nothing lies at the path.</exception>
    /// <exception cref="InvalidModelException">A folder, an empty file or something that is no file lies there.</exception>
    public static GgufBytes Map(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidModelException(path, "file", "this is a folder; name the .gguf file in it");
        }

        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no model file at {System.IO.Path.GetFullPath(path)}.", path);
        }

        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        MemoryMappedFile? file = null;
        try
        {
            if (!stream.CanSeek)
            {
                throw new InvalidModelException(path, "file", "this cannot be mapped; name a regular .gguf file");
            }

            var length = stream.Length;
            if (length == 0)
            {
                throw new InvalidModelException(path, "magic", 0, "the file is empty");
            }

            file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new GgufBytes(file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
        }
        catch
        {
            file?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Pins <paramref name="data"/>.</summary>
    public static GgufBytes Pin(ReadOnlyMemory<byte> data) => new(data);

    public void Dispose()
    {
        if (_start is null)
        {
            return;
        }

        _start = null;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
        _pin.Dispose();
    }
}
