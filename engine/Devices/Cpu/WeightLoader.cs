using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Devices.Cpu.Weights.Panels;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Dots;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>Chooses for each tensor the matrix that the kernels of an instruction set are fastest with.</summary>
/// <param name="instructions">Not <see cref="InstructionSet.Auto"/>.</param>
/// <param name="precision">Of the activations that quantised weights are multiplied with.</param>
internal sealed unsafe class WeightLoader(InstructionSet instructions, ActivationPrecision precision)
{
    /// <summary>What the matrices of tensors loaded so far take.</summary>
    public ActivationFormat Formats { get; private set; }

    /// <summary>The matrix of a tensor (columns, rows).</summary>
    public WeightMatrix Load(GgufTensor tensor) => Take(Load(tensor.Type, tensor.Data, tensor.Columns, checked((int)tensor.Rows)));

    /// <summary>A matrix that is loaded, among those whose formats are told.</summary>
    public WeightMatrix Take(WeightMatrix matrix)
    {
        Formats |= matrix.Format;
        return matrix;
    }

    /// <summary>A norm, a bias or another vector as floats.</summary>
    public static NativeBuffer LoadVector(GgufTensor tensor)
    {
        var count = checked((int)(tensor.Columns * tensor.Rows));
        var buffer = NativeBuffer.OfFloats(count);
        Dequantizer.Dequantize(tensor.Type, new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.ByteLength)), new Span<float>(buffer.Floats, count));
        return buffer;
    }

    /// <summary>The matrix of rows of <paramref name="type"/> that lie one after the other at <paramref name="data"/>.</summary>
    public WeightMatrix Load(GgmlType type, byte* data, int columns, int rows) => instructions switch
    {
        InstructionSet.Avx512Vnni or InstructionSet.Avx512 => Load<Lanes512>(type, data, columns, rows),
        InstructionSet.Avx2Vnni or InstructionSet.Avx2 => Load<Lanes256>(type, data, columns, rows),
        _ => Load<Lanes128>(type, data, columns, rows),
    };

    private WeightMatrix Load<TLanes>(GgmlType type, byte* data, int columns, int rows)
        where TLanes : unmanaged, ILanes<TLanes> => type switch
        {
            GgmlType.F32 => new FloatPanels<TLanes, SingleElement<TLanes>>(data, columns, rows),
            GgmlType.F16 => new FloatPanels<TLanes, HalfElement<TLanes>>(data, columns, rows),
            GgmlType.BF16 => new FloatPanels<TLanes, BrainElement<TLanes>>(data, columns, rows),
            GgmlType.Q8_0 => Panels<TLanes, Q8_0>(data, columns, rows),
            GgmlType.Q4_0 => Panels<TLanes, Q4_0>(data, columns, rows),
            GgmlType.Q4_1 => Panels<TLanes, Q4_1>(data, columns, rows),
            GgmlType.Q5_0 => Panels<TLanes, Q5_0>(data, columns, rows),
            GgmlType.Q5_1 => Panels<TLanes, Q5_1>(data, columns, rows),
            GgmlType.Q2_K => Panels<TLanes, Q2_K>(data, columns, rows),
            GgmlType.Q3_K => Panels<TLanes, Q3_K>(data, columns, rows),
            GgmlType.Q4_K => Panels<TLanes, Q4_K>(data, columns, rows),
            GgmlType.Q5_K => Panels<TLanes, Q5_K>(data, columns, rows),
            GgmlType.Q6_K => Panels<TLanes, Q6_K>(data, columns, rows),
            GgmlType.IQ4_NL => Panels<TLanes, IQ4_NL>(data, columns, rows),
            GgmlType.IQ4_XS => Panels<TLanes, IQ4_XS>(data, columns, rows),
            GgmlType.MXFP4 => Panels<TLanes, MXFP4>(data, columns, rows),
            GgmlType.NVFP4 => Panels<TLanes, NVFP4>(data, columns, rows),
            GgmlType.IQ1_S => Panels<TLanes, IQ1_S>(data, columns, rows),
            GgmlType.IQ1_M => Panels<TLanes, CodeBookLevels<IQ1_M>>(data, columns, rows),
            GgmlType.IQ2_XXS => Panels<TLanes, CodeBookLevels<IQ2_XXS>>(data, columns, rows),
            GgmlType.IQ2_XS => Panels<TLanes, CodeBookLevels<IQ2_XS>>(data, columns, rows),
            GgmlType.IQ2_S => Panels<TLanes, CodeBookLevels<IQ2_S>>(data, columns, rows),
            GgmlType.IQ3_XXS => Panels<TLanes, CodeBookLevels<IQ3_XXS>>(data, columns, rows),
            GgmlType.IQ3_S => Panels<TLanes, IQ3_S>(data, columns, rows),
            GgmlType.Q1_0 => Panels<TLanes, FewBits<Q1_0>>(data, columns, rows),
            GgmlType.Q2_0 => Panels<TLanes, FewBits<Q2_0>>(data, columns, rows),
            GgmlType.TQ1_0 => Panels<TLanes, FewBits<TQ1_0>>(data, columns, rows),
            GgmlType.TQ2_0 => Panels<TLanes, FewBits<TQ2_0>>(data, columns, rows),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no kernel for this type."),
        };

    private WeightMatrix Panels<TLanes, TFormat>(byte* data, int columns, int rows)
        where TLanes : unmanaged, ILanes<TLanes>
        where TFormat : IPanelFormat
    {
        if (precision == ActivationPrecision.Int16)
            return new PanelMatrix<TLanes, TFormat, WideDot<TLanes, WideInt16>>(data, columns, rows);
        if (instructions == InstructionSet.Vector128Dot)
        {
            return TFormat.Largest > sbyte.MaxValue
                ? new PanelMatrix<Lanes128, TFormat, ShiftedSignedDot<Lanes128>>(data, columns, rows)
                : new PanelMatrix<Lanes128, TFormat, SignedDot<Lanes128>>(data, columns, rows);
        }

        // Sixteen rows of small numbers by 512-bit vectors are faster than by two 256-bit ones.
        if (instructions == InstructionSet.Avx2Vnni || (instructions == InstructionSet.Avx512Vnni && TFormat.Largest > PairDot.Largest))
            return new PanelMatrix<Lanes256x2, TFormat, ByteDot<Lanes256x2>>(data, columns, rows);
        return TFormat.Largest switch
        {
            <= PairDot.Largest => new PanelMatrix<TLanes, TFormat, PairDot<TLanes>>(data, columns, rows),
            <= FourDot.Largest => new PanelMatrix<TLanes, TFormat, FourDot<TLanes>>(data, columns, rows),
            _ => new PanelMatrix<TLanes, TFormat, WideDot<TLanes, WideInt8>>(data, columns, rows),
        };
    }
}
