using System.Globalization;
using System.Numerics;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Writes the decimal forms of the numbers of a range as edges over digits: a node says how far the digits so far leave the rest free.</summary>
internal sealed class NumberDigits
{
    // Nodes that the remainders of a step may take; larger numbers are left out so that they do.
    private const int MaxNodes = 40_000;
    private const int MaxListed = 1_000;

    private readonly ByteNetwork _network;
    private readonly NumberRange _range;
    private readonly int _to;
    private readonly Dictionary<(int Whole, int Read, bool Low, bool High, BigInteger Remainder), int> _nodes = [];
    private string _least = "";
    private string _most = "";

    private NumberDigits(ByteNetwork network, NumberRange range)
    {
        (_network, _range) = (network, range);
        _to = network.Add();
    }

    /// <summary>Appends a number of a range that is not empty.</summary>
    public static int Append(ByteNetwork network, int from, NumberRange range)
    {
        var longest = Digits(range);
        var limit = BigInteger.Pow(10, longest) - 1;
        var written = range with { Least = BigInteger.Max(range.Least, -limit), Most = BigInteger.Min(range.Most, limit) };
        if (written.IsEmpty)
        {
            return Listed(network, from, range);
        }

        var digits = new NumberDigits(network, written);
        digits.Magnitudes(from, BigInteger.Max(BigInteger.Zero, written.Least), written.Most);
        if (written.Least < 0)
        {
            digits.Magnitudes(network.Literal(from, "-"u8), BigInteger.Max(BigInteger.One, -written.Most), -written.Least);
        }

        return digits._to;
    }

    /// <summary>As many digits as there is room for remainders of the step.</summary>
    private static int Digits(NumberRange range)
    {
        var digits = NumberRange.MaxWholeDigits + range.Scale;
        while (range.Step > 1 && digits > 1 && Enumerable.Range(0, digits).Sum(at => (double)BigInteger.Min(range.Step, BigInteger.Pow(10, Math.Min(at, digits - at)))) > MaxNodes)
        {
            digits--;
        }

        return digits;
    }

    /// <summary>The first numbers one by one.</summary>
    private static int Listed(ByteNetwork network, int from, NumberRange range)
    {
        var texts = new List<byte[]>();
        for (var number = range.First; number <= range.Most && texts.Count < MaxListed; number += range.Step)
        {
            network.Meter.Work();
            var digits = BigInteger.Abs(number).ToString(CultureInfo.InvariantCulture).PadLeft(range.Scale + 1, '0');
            var text = range.Scale == 0 ? digits : $"{digits[..^range.Scale]}.{digits[^range.Scale..]}";
            texts.Add(System.Text.Encoding.ASCII.GetBytes(number < 0 ? "-" + text : text));
        }

        return network.Texts(from, texts);
    }

    private void Magnitudes(int from, BigInteger least, BigInteger most)
    {
        if (most < least)
        {
            return;
        }

        _nodes.Keys.Where(static key => key.Low || key.High).ToList().ForEach(key => _nodes.Remove(key));
        (_least, _most) = (Text(least), Text(most));
        for (var whole = _least.Length - _range.Scale; whole <= _most.Length - _range.Scale; whole++)
        {
            var isLow = whole == _least.Length - _range.Scale;
            var isHigh = whole == _most.Length - _range.Scale;
            Digit(from, whole, 0, isLow, isHigh, BigInteger.Zero);
        }
    }

    private string Text(BigInteger units) => units.ToString(CultureInfo.InvariantCulture).PadLeft(_range.Scale + 1, '0');

    /// <summary>The node after some digits of a number with so many before the point.</summary>
    private int Node(int whole, int read, bool low, bool high, BigInteger rest)
    {
        // Where nothing is bound any more, it only counts how many digits are to come.
        var key = low || high ? (whole, read, low, high, rest) : (Math.Max(0, whole - read), Math.Max(0, read - whole), false, false, rest);
        if (_nodes.TryGetValue(key, out var node))
        {
            return node;
        }

        node = _network.Add();
        _nodes.Add(key, node);
        if (read < whole)
        {
            Digit(node, whole, read, low, high, rest);
            return node;
        }

        var left = _range.Scale + whole - read;
        if ((!low || _least.AsSpan(read).TrimStart('0').IsEmpty) && (rest * BigInteger.Pow(10, left) % _range.Step).IsZero)
        {
            _network.Jump(node, _to);
        }

        if (left > 0)
        {
            Digit(read == whole ? _network.Literal(node, "."u8) : node, whole, read, low, high, rest);
        }

        return node;
    }

    /// <summary>Appends the next digit and all that may follow it.</summary>
    private void Digit(int from, int whole, int read, bool low, bool high, BigInteger rest)
    {
        var first = low ? _least[read] : read == 0 && whole > 1 ? '1' : '0';
        var last = high ? _most[read] : '9';
        var left = whole + _range.Scale - read - 1;
        var unit = BigInteger.Pow(10, left);
        for (var digit = first; digit <= last; digit++)
        {
            var until = digit;
            var (isLow, isHigh) = (low && digit == first, high && digit == last);
            if (_range.Step.IsOne && !isLow)
            {
                // All digits between the bounds go to one place.
                until = high && !isHigh ? (char)(last - 1) : last;
            }

            var next = _range.Step.IsOne ? BigInteger.Zero : ((rest * 10) + (digit - '0')) % _range.Step;
            if ((_range.Step - (next * unit % _range.Step)) % _range.Step < unit)
            {
                _network.Bytes(from, (byte)digit, (byte)until, Node(whole, read + 1, isLow, isHigh, next));
            }

            digit = until;
        }
    }
}
