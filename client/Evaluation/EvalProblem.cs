namespace Crescent.Client.Evaluation;

/// <summary>A problem with its answer.</summary>
/// <param name="Id">Names it within its file.</param>
/// <param name="Problem">What is asked.</param>
/// <param name="Answer">The right answer.</param>
internal sealed record EvalProblem(string Id, string Problem, string Answer);
