using Crescent.Grains.Serving;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Grains;

/// <summary>Makes an Orleans silo a part of an AI factory.</summary>
public static class CrescentSiloExtensions
{
    /// <summary>
    /// Adds everything a silo of Crescent needs: device grains and their engines, placement, telemetry, token routing and
    /// <see cref="IGenerationService"/>. Membership is the caller's choice (<see cref="Membership.FileMembershipExtensions"/> on one
    /// machine), and so is the silo's name, which must be the same after a restart. The chat grain works where the services hold the
    /// model that <see cref="CrescentSiloOptions.Model"/> names (<c>Crescent.Engine.Model.LanguageModel</c>).
    /// </summary>
    public static ISiloBuilder AddCrescent(this ISiloBuilder builder, CrescentSiloOptions options)
    {
        builder.Services.AddSingleton(options);
        return builder;
    }
}
