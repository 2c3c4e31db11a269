using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Crescent.Engine.Model.Gguf;
using Microsoft.ML.Tokenizers;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// Byte-level byte-pair encoding (<c>gpt2</c>): own pre-tokenisers cut words, <see cref="BpeTokenizer"/> merges them. Words come
/// from a cache, as most of a text is words seen before; long words, for which the library takes quadratic time, are merged by
/// <see cref="LongWordMerge"/>.
/// </summary>
internal sealed class ByteLevelTokenizer : VocabularyTokenizer
{
    /// <summary>Longest word, in chars, that the library merges.</summary>
    public const int LongestForLibrary = 256;

    private const int LongestCached = 32;
    private const int CacheLimit = 1 << 16;
    private const string Llama3 = "llama-bpe";
    private const string Tekken = "tekken";
    private const string Lfm2 = "lfm2";

    private readonly PreTokenizer _words;
    private readonly BpeTokenizer _library;
    private readonly Lazy<LongWordMerge> _longWords;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _wholeWords;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <exception cref="InvalidModelException">The pre-tokeniser is unknown, or a merge is missing or no union of tokens.</exception>
    public ByteLevelTokenizer(TokenizerMetadata metadata)
        : base(metadata, id => ByteAlphabet.ToBytes(metadata.Tokens[id]))
    {
        _words = PreTokenizer.Find(metadata.Pre)
            ?? throw metadata.Fault("pre", $"\"{metadata.Pre}\" is unknown; known are {string.Join(", ", PreTokenizer.Names)}");
        var merges = BytePairMerge.ReadAll(metadata);
        var vocabulary = metadata.Tokens.Select((text, id) => KeyValuePair.Create(text, id)).Where(token => token.Key.Length > 0);
        _library = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = metadata.Merges,
            ByteLevel = true,
        });
        _longWords = new Lazy<LongWordMerge>(() => new LongWordMerge(metadata.Tokens, merges));
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        _wholeWords = metadata.Pre is Llama3 or Tekken or Lfm2 ? WholeWords() : null;
        BeginOfSequence = metadata.BeginOfSequence;
        EndOfSequence = metadata.EndOfSequence;
        AddsBeginOfSequence = metadata.AddBeginOfSequence ?? metadata.Pre is Llama3 or Tekken or Lfm2;
    }

    public override int? BeginOfSequence { get; }

    public override int? EndOfSequence { get; }

    public override bool AddsBeginOfSequence { get; }

    protected override void EncodeText(ReadOnlySpan<char> text, bool afterSpecial, List<int> tokens)
    {
        while (text.Length > 0)
        {
            var length = _words.Next(text);
            EncodeWord(text[..length], tokens);
            text = text[length..];
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> tokens)
    {
        if (_cached.TryGetValue(word, out var known))
        {
            tokens.AddRange(known);
            return;
        }

        var before = tokens.Count;
        Merge(word, tokens);
        if (word.Length > LongestCached)
        {
            return;
        }

        // Starting over when full is simpler than ageing, and a cache of this size fills in milliseconds.
        if (Interlocked.Increment(ref _cacheCount) > CacheLimit)
        {
            _cache.Clear();
            Volatile.Write(ref _cacheCount, 0);
        }

        _cached[word] = CollectionsMarshal.AsSpan(tokens)[before..].ToArray();
    }

    private void Merge(ReadOnlySpan<char> word, List<int> tokens)
    {
        // Llama 3 takes a word that is a token as that token, even where its merges would not lead there.
        if (_wholeWords is { } whole && whole.TryGetValue(word, out var token))
        {
            tokens.Add(token);
        }
        else if (word.Length > LongestForLibrary)
        {
            _longWords.Value.Encode(word, tokens);
        }
        else
        {
            tokens.AddRange(_library.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
        }
    }

    private Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> WholeWords()
    {
        var words = new Dictionary<string, int>(VocabularySize, StringComparer.Ordinal);
        for (var id = 0; id < VocabularySize; id++)
        {
            if (TokenText(id) is { Length: > 0 } text)
            {
                words.TryAdd(text, id);
            }
        }

        return words.GetAlternateLookup<ReadOnlySpan<char>>();
    }
}
