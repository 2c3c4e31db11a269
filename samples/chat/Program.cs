// Asks a factory one question, with a tool that it may call, and shows what it took.
//   ConnectionStrings__crescent='Endpoint=http://127.0.0.1:8080' dotnet run --project samples/chat -- "What is 23 + 48?"
using System.Data;
using Crescent.Sdk;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.AddCrescentClient("crescent").AddChatClient().UseFunctionInvocation();
using var host = builder.Build();
var chat = host.Services.GetRequiredService<IChatClient>();

var calculator = AIFunctionFactory.Create((string expression) => $"{new DataTable().Compute(expression, null)}", "calculator", "Computes an expression.");
var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 200, Tools = [calculator] };
var usage = new UsageDetails();
await foreach (var update in chat.GetStreamingResponseAsync(args is [var question, ..] ? question : "What is 23 + 48?", options))
{
    Console.Write(update.Text);
    foreach (var part in update.Contents.OfType<UsageContent>())
    {
        usage.Add(part.Details);
    }
}

Console.WriteLine();
Console.Error.WriteLine($"{usage.InputTokenCount} tokens in, {usage.OutputTokenCount} out, {usage.AdditionalCounts?["millijoules"]} mJ");
