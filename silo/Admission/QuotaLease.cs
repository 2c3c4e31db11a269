using System.Threading.RateLimiting;

namespace Crescent.Silo.Admission;

/// <summary>What a <see cref="QuotaBucket"/> says to a request.</summary>
/// <param name="bucket">Which it is.</param>
/// <param name="retryAfter">When what was asked for will be there; null when it is given.</param>
internal sealed class QuotaLease(QuotaBucket bucket, TimeSpan? retryAfter) : RateLimitLease
{
    /// <summary>Which bucket it is.</summary>
    public QuotaBucket Bucket { get; } = bucket;

    public override bool IsAcquired => retryAfter is null;

    public override IEnumerable<string> MetadataNames => retryAfter is null ? [] : [MetadataName.RetryAfter.Name];

    public override bool TryGetMetadata(string metadataName, out object? metadata)
    {
        metadata = metadataName == MetadataName.RetryAfter.Name ? retryAfter : null;
        return metadata is not null;
    }
}
