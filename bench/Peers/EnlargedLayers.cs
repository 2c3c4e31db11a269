namespace Crescent.Bench.Peers;

/// <summary>
/// Which layer of a deep model is like which of a shallow one: the same kinds in the same turns, dense ones in front and predicting ones at the end no more
/// often than there, and as large a share of layers with the keys and values of others.
/// </summary>
internal sealed class EnlargedLayers
{
    private readonly int _turn;
    private readonly int _predicting;
    private readonly int _dense;
    private readonly int _sharing;

    /// <param name="layers">Of the pattern.</param>
    /// <param name="predicting">Of them at the end, for further tokens.</param>
    /// <param name="dense">Of them in front, without experts.</param>
    /// <param name="sharing">Of them at the end, with the keys and values of others.</param>
    /// <param name="wanted">At least so many, the predicting ones aside.</param>
    public EnlargedLayers(int layers, int predicting, int dense, int sharing, int wanted)
    {
        (_turn, _predicting, _dense, _sharing) = (layers - predicting, predicting, dense, sharing);
        var turns = (wanted + _turn - 1) / _turn;
        Count = (turns * _turn) + predicting;
        Sharing = turns * sharing;
    }

    /// <summary>Layers.</summary>
    public int Count { get; }

    /// <summary>Of them those with the keys and values of others.</summary>
    public int Sharing { get; }

    /// <summary>The layer of the pattern that layer <paramref name="layer"/> is like.</summary>
    public int SourceOf(int layer)
    {
        var predicts = layer - (Count - _predicting);
        if (predicts >= 0)
            return _turn + predicts;
        var shares = layer - (Count - _predicting - Sharing);
        if (shares >= 0 && _sharing > 0)
            return _turn - _sharing + (shares % _sharing);
        var source = layer % (_turn - _sharing);
        return source < _dense && layer >= _dense ? _turn - 1 : source;
    }
}
