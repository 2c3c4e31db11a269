// A factory, and a program that asks it, on one dashboard.
//   dotnet build -c Release silo; dotnet build -c Release samples/chat; dotnet run -c Release --project samples/apphost
using Crescent.Aspire.Hosting;

var builder = DistributedApplication.CreateBuilder(args);
var root = Path.GetFullPath("../..", builder.AppHostDirectory);

// The embedded model on this machine's processor, under a power budget of 80 % of what it may draw.
var crescent = builder.AddCrescent("crescent", Path.Combine(root, "silo/bin/Release/net10.0/Crescent.Silo"))
    .WithPowerBudget("0.8")
    .WithHome(".crescent");

// The program of samples/chat: its connection string names the factory, and it starts when that is ready.
builder.AddExecutable("chat", Path.Combine(root, "samples/chat/bin/Release/net10.0/Crescent.Samples.Chat"), root, "What is 23 + 48?")
    .WithReference(crescent)
    .WaitFor(crescent);

builder.Build().Run();
