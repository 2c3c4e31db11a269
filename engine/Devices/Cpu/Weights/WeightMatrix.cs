namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>
/// A weight matrix (columns, rows) as the kernels read it: y = W x for panels of 16 rows. Each output is summed in an order that
/// depends neither on the other rows nor on the other tokens, so that it has the same bits in every batch.
/// </summary>
internal abstract unsafe class WeightMatrix : IDisposable
{
    /// <summary>Rows in a panel.</summary>
    public const int PanelRows = 16;

    protected WeightMatrix(int columns, int rows)
    {
        Columns = columns;
        Rows = rows;
        Panels = (rows + PanelRows - 1) / PanelRows;
    }

    /// <summary>Length of x.</summary>
    public int Columns { get; }

    /// <summary>Length of y.</summary>
    public int Rows { get; }

    /// <summary>Panels, the last of them perhaps in part beyond <see cref="Rows"/>.</summary>
    public int Panels { get; }

    /// <summary>What <see cref="Multiply"/> takes for x.</summary>
    public abstract ActivationFormat Format { get; }

    /// <summary>Computes some panels for some tokens.</summary>
    /// <param name="first">First panel.</param>
    /// <param name="end">The panel after the last.</param>
    /// <param name="activations">Rows in <see cref="Format"/>.</param>
    /// <param name="stride">Bytes from one row to the next.</param>
    /// <param name="rows">(count): the row of each token.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="output">(16, count, panels); values beyond <see cref="Rows"/> are undefined.</param>
    /// <param name="scratch">(columns, 17): working memory of the calling thread.</param>
    public abstract void Multiply(
        int first, int end, byte* activations, nint stride, int* rows, int count, float* output, float* scratch);

    public abstract void Dispose();
}
