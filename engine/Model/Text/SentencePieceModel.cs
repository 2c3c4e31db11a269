using System.Buffers.Binary;
using System.Text;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// Writes a vocabulary as the protocol buffer of a SentencePiece model file, the form in which the tokenizer library takes one
/// (<c>sentencepiece_model.proto</c>; the numbers below are its field numbers).
/// </summary>
internal static class SentencePieceModel
{
    private const int ModelPiece = 1, ModelTrainer = 2, ModelNormalizer = 3;
    private const int PieceText = 1, PieceScore = 2, PieceType = 3;
    private const int TrainerModelType = 3, TrainerByteFallback = 35;
    private const int TrainerUnknown = 40, TrainerBegin = 41, TrainerEnd = 42, TrainerPadding = 43;
    private const int NormalizerName = 1, NormalizerAddPrefix = 3, NormalizerRemoveSpaces = 4, NormalizerEscape = 5;
    private const int BytePairEncoding = 2;
    private const int VarintWire = 0, BytesWire = 2, FixedWire = 5;

    /// <summary>A byte-pair model whose text comes already normalised.</summary>
    public static MemoryStream Write(TokenizerMetadata metadata, float[] scores, int unknown, int begin, int end)
    {
        var model = new MemoryStream();
        for (var id = 0; id < metadata.Tokens.Length; id++)
        {
            var piece = new MemoryStream();
            WriteBytes(piece, PieceText, Encoding.UTF8.GetBytes(metadata.Tokens[id]));
            WriteFloat(piece, PieceScore, scores[id]);
            WriteNumber(piece, PieceType, (int)PieceKind(metadata.Types[id]));
            WriteBytes(model, ModelPiece, piece.ToArray());
        }

        var trainer = new MemoryStream();
        WriteNumber(trainer, TrainerModelType, BytePairEncoding);
        WriteNumber(trainer, TrainerByteFallback, 1);
        WriteNumber(trainer, TrainerUnknown, unknown);
        WriteNumber(trainer, TrainerBegin, begin);
        WriteNumber(trainer, TrainerEnd, end);
        WriteNumber(trainer, TrainerPadding, -1);
        WriteBytes(model, ModelTrainer, trainer.ToArray());

        var normalizer = new MemoryStream();
        WriteBytes(normalizer, NormalizerName, "identity"u8.ToArray());
        WriteNumber(normalizer, NormalizerAddPrefix, 0);
        WriteNumber(normalizer, NormalizerRemoveSpaces, 0);
        WriteNumber(normalizer, NormalizerEscape, 0);
        WriteBytes(model, ModelNormalizer, normalizer.ToArray());
        model.Position = 0;
        return model;
    }

    /// <summary>Special strings are found before the library sees the text, so to it user-defined tokens are plain pieces.</summary>
    private static TokenType PieceKind(TokenType type) => type switch
    {
        TokenType.Unknown or TokenType.Control or TokenType.Byte => type,
        _ => TokenType.Normal,
    };

    private static void WriteNumber(MemoryStream stream, int field, long value)
    {
        WriteVarint(stream, (ulong)((field << 3) | VarintWire));
        WriteVarint(stream, (ulong)value);
    }

    private static void WriteFloat(MemoryStream stream, int field, float value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        WriteVarint(stream, (ulong)((field << 3) | FixedWire));
        stream.Write(bytes);
    }

    private static void WriteBytes(MemoryStream stream, int field, byte[] value)
    {
        WriteVarint(stream, (ulong)((field << 3) | BytesWire));
        WriteVarint(stream, (ulong)value.Length);
        stream.Write(value);
    }

    private static void WriteVarint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }
}
