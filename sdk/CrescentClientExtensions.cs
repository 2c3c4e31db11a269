using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Crescent.Sdk;

/// <summary>A factory's clients in a host.</summary>
public static class CrescentClientExtensions
{
    /// <summary>Names a factory by its connection string, which an Aspire AppHost with <c>AddCrescent</c> sets.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="name">Of the connection string, <c>ConnectionStrings:NAME</c>.</param>
    /// <param name="configure">Sets what it leaves out.</param>
    /// <exception cref="FormatException">The connection string is none of a factory.</exception>
    public static CrescentClientBuilder AddCrescentClient(this IHostApplicationBuilder builder, string name, Action<CrescentClientOptions>? configure = null)
    {
        var connection = builder.Configuration.GetConnectionString(name);
        return builder.Services.AddCrescentClient(
            options =>
            {
                if (connection is not null)
                {
                    options.Read(connection);
                }

                configure?.Invoke(options);
            },
            name);
    }

    /// <summary>Names a factory.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="configure">Says how to reach it.</param>
    /// <param name="name">Parts several factories of one host.</param>
    public static CrescentClientBuilder AddCrescentClient(this IServiceCollection services, Action<CrescentClientOptions> configure, string name = "crescent")
    {
        services.AddHttpClient();
        services.AddOptions<CrescentClientOptions>(name).Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<CrescentClientOptions>>(new Check(name));
        return new CrescentClientBuilder(services, name);
    }

    private sealed class Check(string name) : IValidateOptions<CrescentClientOptions>
    {
        public ValidateOptionsResult Validate(string? asked, CrescentClientOptions options) => asked != name ? ValidateOptionsResult.Skip
            : options.Fault() is { } fault ? ValidateOptionsResult.Fail($"Factory '{name}': {fault}")
            : ValidateOptionsResult.Success;
    }
}
