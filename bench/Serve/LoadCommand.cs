using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Crescent.Bench.Serve;

/// <summary>
/// <c>serve-load</c>: sends calls to a front end over raw sockets and times what comes back, in a process of its own, so that its CPU time is told apart. Prints a
/// <see cref="LoadResult"/>.
/// </summary>
internal static class LoadCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Required = true };
        var body = new Option<string>("--body") { Description = "File with the body of a request.", Required = true };
        var streams = new Option<int>("--streams") { Required = true };
        var calls = new Option<int>("--calls") { Required = true };
        var command = new Command("serve-load", "The load generator of 'serve'.") { port, body, streams, calls };
        command.Hidden = true;
        command.SetAction(async (parse, cancellationToken) =>
        {
            var request = await File.ReadAllBytesAsync(parse.GetRequiredValue(body), cancellationToken);
            var result = await Run(
                new IPEndPoint(IPAddress.Loopback, parse.GetRequiredValue(port)), request, parse.GetRequiredValue(streams), parse.GetRequiredValue(calls));
            Console.WriteLine(JsonSerializer.Serialize(result));
        });
        return command;
    }

    private static async Task<LoadResult> Run(IPEndPoint server, byte[] body, int streams, int calls)
    {
        var times = new LoadTimes();
        var begun = 0;
        var connections = new LoadStream[streams];
        for (var i = 0; i < streams; i++)
        {
            connections[i] = new LoadStream(body, times);
            await connections[i].Connect(server);
        }

        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(connections.Select(async connection =>
        {
            for (int call; (call = Interlocked.Increment(ref begun)) <= calls;)
            {
                await connection.Call(call);
            }
        }));
        var wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var connection in connections)
        {
            connection.Dispose();
        }

        return times.Result(wall);
    }
}
