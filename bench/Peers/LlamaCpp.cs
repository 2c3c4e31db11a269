using System.Runtime.InteropServices;

namespace Crescent.Bench.Peers;

/// <summary>
/// llama.cpp with one model, through the C API of its shared libraries (https://github.com/ggml-org/llama.cpp, include/llama.h). Parameter
/// structures are passed as they come from the library, in more room than they take, and changed only where their layout has not changed in
/// years: context, batch, micro-batch and sequences first, then a pair of thread counts.
/// </summary>
internal sealed unsafe class LlamaCpp : IDisposable
{
    private const string Model = "libllama";
    private const string Base = "libggml";
    private const int MaxBatch = 2048;

    private readonly nint _llama;
    private readonly nint _cpu;
    private readonly int _threads;
    private readonly nint _model;
    private readonly nint _pool;
    private nint _context;
    private Batch _batch;

    /// <summary>Loads <paramref name="file"/> on the backend that the libraries in <paramref name="folder"/> think best for this processor.</summary>
    /// <exception cref="InvalidDataException">They cannot load it.</exception>
    public LlamaCpp(string folder, string file, int threads)
    {
        _threads = threads;
        NativeLibrary.Load(Library(folder, "libggml-base"));
        var ggml = NativeLibrary.Load(Library(folder, Base));
        _llama = NativeLibrary.Load(Library(folder, Model));
        ((delegate* unmanaged<delegate* unmanaged<int, byte*, void*, void>, void*, void>)Export(_llama, "llama_log_set"))(&Quiet, null);
        fixed (byte* path = Text(folder))
            ((delegate* unmanaged<byte*, void>)Export(ggml, "ggml_backend_load_all_from_path"))(path);
        ((delegate* unmanaged<void>)Export(_llama, "llama_backend_init"))();
        Backend = LoadedBackend();
        _cpu = NativeLibrary.Load(Backend);
        var parameters = ((delegate* unmanaged<Parameters>)Export(_llama, "llama_model_default_params"))();
        fixed (byte* path = Text(file))
            _model = ((delegate* unmanaged<byte*, Parameters, nint>)Export(_llama, "llama_model_load_from_file"))(path, parameters);
        if (_model == 0)
            throw new InvalidDataException($"llama.cpp in {folder} does not load {file}.");
        var vocabulary = ((delegate* unmanaged<nint, nint>)Export(_llama, "llama_model_get_vocab"))(_model);
        VocabularySize = ((delegate* unmanaged<nint, int>)Export(_llama, "llama_vocab_n_tokens"))(vocabulary);
        _batch = ((delegate* unmanaged<int, int, int, Batch>)Export(_llama, "llama_batch_init"))(MaxBatch, 0, 1);
        _pool = NewPool();
    }

    /// <summary>The file of the backend, which names the instruction set.</summary>
    public string Backend { get; }

    public int VocabularySize { get; }

    /// <summary>Begins a context of its own for some sequences.</summary>
    public void Open(int positions, int sequences)
    {
        Close();
        var parameters = ((delegate* unmanaged<Parameters>)Export(_llama, "llama_context_default_params"))();
        var numbers = (int*)parameters.Bytes;
        (numbers[0], numbers[1], numbers[2], numbers[3]) = (positions, MaxBatch, 512, sequences);
        for (var i = 4; i < 10; i++)
        {
            if (numbers[i] > 0 && numbers[i] == numbers[i + 1])
            {
                numbers[i] = numbers[i + 1] = _threads;
                break;
            }
        }

        _context = ((delegate* unmanaged<nint, Parameters, nint>)Export(_llama, "llama_init_from_model"))(_model, parameters);
        if (_context == 0)
            throw new InvalidOperationException($"llama.cpp makes no context of {positions} positions.");
        ((delegate* unmanaged<nint, nint, nint, void>)Export(_llama, "llama_attach_threadpool"))(_context, _pool, _pool);
    }

    /// <summary>Empties the batch.</summary>
    public void Clear() => _batch.TokenCount = 0;

    /// <summary>Adds a token to the batch.</summary>
    public void Add(int token, int position, int sequence, bool logits)
    {
        var i = _batch.TokenCount++;
        _batch.Tokens[i] = token;
        _batch.Positions[i] = position;
        _batch.SequenceCounts[i] = 1;
        _batch.Sequences[i][0] = sequence;
        _batch.Logits[i] = logits ? (byte)1 : (byte)0;
    }

    /// <summary>Computes the batch and waits for its logits.</summary>
    public void Decode()
    {
        var failed = ((delegate* unmanaged<nint, Batch, int>)Export(_llama, "llama_decode"))(_context, _batch);
        if (failed != 0)
            throw new InvalidOperationException($"llama.cpp failed to decode: {failed}.");
        ((delegate* unmanaged<nint, float*>)Export(_llama, "llama_get_logits"))(_context);
    }

    /// <summary>The logits of the last token of the batch that was computed last (vocabulary); until the next.</summary>
    public ReadOnlySpan<float> LastLogits() =>
        new(((delegate* unmanaged<nint, int, float*>)Export(_llama, "llama_get_logits_ith"))(_context, -1), VocabularySize);

    /// <summary>Forgets a sequence from a position on; false, and nothing is forgotten, where it keeps a state that cannot go back.</summary>
    public bool Cut(int sequence, int position) => ((delegate* unmanaged<nint, int, int, int, byte>)Export(_llama, "llama_memory_seq_rm"))(
        ((delegate* unmanaged<nint, nint>)Export(_llama, "llama_get_memory"))(_context), sequence, position, -1) != 0;

    public void Dispose()
    {
        Close();
        ((delegate* unmanaged<nint, void>)Export(_llama, "llama_model_free"))(_model);
    }

    private void Close()
    {
        if (_context != 0)
            ((delegate* unmanaged<nint, void>)Export(_llama, "llama_free"))(_context);
        _context = 0;
    }

    /// <summary>A pool whose threads poll, as ours do between steps: the fastest that llama.cpp has.</summary>
    private nint NewPool()
    {
        const int Poll = 520; // behind a mask of 512 bytes, the number of threads and their priority
        var parameters = ((delegate* unmanaged<int, Parameters>)Export(NativeLibrary.Load(BaseOf(Backend)), "ggml_threadpool_params_default"))(_threads);
        *(int*)(parameters.Bytes + Poll) = 100;
        return ((delegate* unmanaged<Parameters*, nint>)Export(_cpu, "ggml_threadpool_new"))(&parameters);
    }

    private static string BaseOf(string backend) => Library(Path.GetDirectoryName(backend)!, "libggml-base");

    /// <summary>The CPU backend that has been loaded: the process maps its file.</summary>
    private static string LoadedBackend() =>
        File.ReadLines("/proc/self/maps").Select(static line => line[(line.LastIndexOf(' ') + 1)..])
            .FirstOrDefault(static path => Path.GetFileName(path).StartsWith("libggml-cpu", StringComparison.Ordinal))
        ?? throw new InvalidDataException("llama.cpp has loaded no CPU backend.");

    /// <summary>The library of that name in a folder, whatever version follows it.</summary>
    private static string Library(string folder, string name) =>
        Directory.EnumerateFiles(folder, $"{name}*.so*").Where(path => Path.GetFileName(path)[name.Length..] is ['.', ..]).Order().LastOrDefault()
        ?? throw new FileNotFoundException($"{folder} has no {name}.*.so.");

    private static void* Export(nint library, string name) => (void*)NativeLibrary.GetExport(library, name);

    private static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text + '\0');

    [UnmanagedCallersOnly]
    private static void Quiet(int level, byte* text, void* data)
    {
    }

    /// <summary>More room than any of the parameter structures takes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Parameters
    {
        public fixed byte Bytes[2048];
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Batch
    {
        public int TokenCount;
        public int* Tokens;
        public float* Embeddings;
        public int* Positions;
        public int* SequenceCounts;
        public int** Sequences;
        public byte* Logits;
    }
}
