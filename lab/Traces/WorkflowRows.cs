namespace Crescent.Lab.Traces;

/// <summary>Makes workflows of lines.</summary>
internal static class WorkflowRows
{
    /// <summary>Each session is one, a turn after the other, each with all before it in its prompt.</summary>
    public static IEnumerable<Workflow> OfSessions(string path, IReadOnlyList<WorkflowRow> rows)
    {
        foreach (var session in rows.GroupBy(static row => row.Session))
        {
            var turns = session.ToList();
            var calls = new List<WorkflowCall>(turns.Count);
            var before = 0L;
            foreach (var turn in turns)
            {
                if (turn.WaitFor.Length > 0)
                {
                    throw new FormatException($"{path}: line {turn.Line} waits for others, which goes with lines that have a request_id.");
                }

                var place = calls.Count;
                var prompt = before + turn.PromptTokens;
                before = prompt + turn.OutputTokens;
                if (before > int.MaxValue)
                {
                    throw new FormatException($"{path}: line {turn.Line} brings the prompt and answer of session '{turn.Session}' to {before} tokens, {int.MaxValue} is the most.");
                }

                var pause = place == 0 ? 0 : Math.Max(0, (turn.Delay ?? turn.At - turns[place - 1].At ?? 0) + turn.ToolWait);
                calls.Add(new WorkflowCall(turn.Session, place == 0 ? [] : [place - 1], pause, (int)prompt, turn.OutputTokens, turn.Prompt, place == 0 ? null : place - 1));
            }

            yield return new Workflow(turns[0].At, calls);
        }
    }

    /// <summary>Calls that wait for one another, directly or not, are one.</summary>
    public static IEnumerable<Workflow> OfCalls(string path, List<WorkflowRow> rows)
    {
        var places = new Dictionary<string, int>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            if (!places.TryAdd(rows[i].Request!, i))
            {
                throw new FormatException($"{path}: line {rows[i].Line} has the request_id '{rows[i].Request}' of another line.");
            }
        }

        var after = rows.ConvertAll(row => Array.ConvertAll(row.WaitFor, name => places.TryGetValue(name, out var place)
            ? place
            : throw new FormatException($"{path}: line {row.Line} waits for '{name}', which no line has as request_id.")));
        var roots = Roots(after);
        return InOrder(path, rows, after).GroupBy(place => Root(roots, place)).Select(group => Of(rows, after, [.. group]));
    }

    private static Workflow Of(List<WorkflowRow> rows, List<int[]> after, int[] members)
    {
        var within = new Dictionary<int, int>(members.Length);
        var starts = members.Where(place => after[place].Length == 0).Select(place => rows[place].At).ToList();
        var began = starts.TrueForAll(static at => at is not null) ? starts.Min() : null;
        var calls = new List<WorkflowCall>(members.Length);
        foreach (var place in members)
        {
            var row = rows[place];
            var pause = after[place].Length == 0 ? (row.At - began) ?? 0 : Math.Max(0, (row.Delay ?? 0) + row.ToolWait);
            calls.Add(new WorkflowCall(row.Session, Array.ConvertAll(after[place], other => within[other]), pause, row.PromptTokens, row.OutputTokens, row.Prompt));
            within[place] = calls.Count - 1;
        }

        return new Workflow(began, calls);
    }

    /// <summary>Places, each behind those that it waits for.</summary>
    private static List<int> InOrder(string path, List<WorkflowRow> rows, List<int[]> after)
    {
        var left = after.ConvertAll(static places => places.Length);
        var waiting = after.ConvertAll(static _ => new List<int>());
        for (var i = 0; i < after.Count; i++)
        {
            foreach (var place in after[i])
            {
                waiting[place].Add(i);
            }
        }

        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, after.Count).Where(place => left[place] == 0).Select(static place => (place, place)));
        var order = new List<int>(after.Count);
        while (ready.TryDequeue(out var place, out _))
        {
            order.Add(place);
            foreach (var next in waiting[place])
            {
                if (--left[next] == 0)
                {
                    ready.Enqueue(next, next);
                }
            }
        }

        return order.Count == after.Count
            ? order
            : throw new FormatException($"{path}: line {rows[left.FindIndex(static count => count > 0)].Line} waits for itself, by those that it waits for.");
    }

    /// <summary>A forest in which calls that have to do with one another have the same root.</summary>
    private static int[] Roots(List<int[]> after)
    {
        int[] roots = [.. Enumerable.Range(0, after.Count)];
        for (var i = 0; i < after.Count; i++)
        {
            foreach (var place in after[i])
            {
                roots[Root(roots, i)] = Root(roots, place);
            }
        }

        return roots;
    }

    private static int Root(int[] roots, int place)
    {
        while (roots[place] != place)
        {
            place = roots[place] = roots[roots[place]];
        }

        return place;
    }
}
