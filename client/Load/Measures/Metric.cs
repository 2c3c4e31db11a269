namespace Crescent.Client.Load.Measures;

/// <summary>A quantity of which each call, or each chunk, gives one.</summary>
/// <param name="Name">For <c>--fail-if</c>, JSON and CSV.</param>
/// <param name="Title">For people.</param>
/// <param name="Clock">From which start it is measured: <c>intended</c>, <c>actual</c>, or empty where none is in it.</param>
/// <param name="Unit"><c>s</c>, <c>tokens</c> or <c>tokens/s</c>.</param>
/// <param name="Values">Those there were.</param>
internal sealed record Metric(string Name, string Title, string Clock, string Unit, Histogram Values);
