using System.Data.Common;

namespace Crescent.Sdk;

/// <summary>How to reach a factory.</summary>
public sealed class CrescentClientOptions
{
    /// <summary>Longest wait unless set.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(100);

    /// <summary>Address of an HTTP front end, such as <c>http://127.0.0.1:8080</c>; not read with <see cref="OverOrleans"/>.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The model where a request names none; null for the factory's first.</summary>
    public string? Model { get; set; }

    /// <summary>Key or token for HTTP; null for none.</summary>
    public string? Key { get; set; }

    /// <summary>Whose requests these are, over Orleans: who is charged, and has cached prefixes of its own; empty for nobody in particular.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>Ask over Orleans, by the host's <see cref="IClusterClient"/>; for programs within the cluster's network.</summary>
    public bool OverOrleans { get; set; }

    /// <summary>Longest wait for the factory's next sign, 1 s to 1 day; front ends that make a stream wait give one each 15 s.</summary>
    public TimeSpan Timeout { get; set; } = DefaultTimeout;

    /// <summary>Whether calls make no spans and no measures (by the names of Microsoft.Extensions.AI, source <c>Experimental.Microsoft.Extensions.AI</c>).</summary>
    public bool DisableTelemetry { get; set; }

    /// <summary>Takes what a connection string says: <c>Endpoint=…;Model=…;Key=…</c>, or an address alone.</summary>
    /// <exception cref="FormatException">It says something else.</exception>
    public void Read(string connection)
    {
        if (Uri.TryCreate(connection, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            Endpoint = address;
            return;
        }

        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = connection;
        }
        catch (ArgumentException e)
        {
            throw new FormatException("A connection string to a factory is an address, or Endpoint=…;Model=…;Key=….", e);
        }

        foreach (string name in parts.Keys)
        {
            var value = (string)parts[name];
            switch (name)
            {
                case "endpoint":
                    Endpoint = Uri.TryCreate(value, UriKind.Absolute, out var endpoint) ? endpoint : throw new FormatException($"'{value}' is no address of a factory; write http://HOST:PORT.");
                    break;
                case "model":
                    Model = value;
                    break;
                case "key":
                    Key = value;
                    break;
                default:
                    throw new FormatException($"A connection string to a factory takes Endpoint, Model and Key, not '{name}'.");
            }
        }
    }

    /// <summary>What is wrong with them; null for nothing.</summary>
    internal string? Fault() =>
        Timeout < TimeSpan.FromSeconds(1) || Timeout > TimeSpan.FromDays(1) ? $"{nameof(Timeout)} is {Timeout}; it takes 1 s to 1 day."
        : !OverOrleans && Endpoint is not { IsAbsoluteUri: true, Scheme: "http" or "https" }
            ? $"{nameof(Endpoint)} is no http:// or https:// address of a front end; set it, or a connection string Endpoint=…, or {nameof(OverOrleans)}."
        : null;
}
