using System.Globalization;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Controllers;

/// <summary>Numbers of pods that are said as such or as a share.</summary>
internal static class PodCounts
{
    /// <summary>What <paramref name="said"/> comes to, of <paramref name="of"/> pods.</summary>
    public static int Of(IntOrString? said, int of, int otherwise, bool roundsUp)
    {
        string? text = said;
        if (text is null)
        {
            return otherwise;
        }

        if (!text.EndsWith('%'))
        {
            return int.Parse(text, CultureInfo.InvariantCulture);
        }

        var share = int.Parse(text[..^1], CultureInfo.InvariantCulture) * of / 100.0;
        return (int)(roundsUp ? Math.Ceiling(share) : Math.Floor(share));
    }
}
