using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Engine.Model;

/// <summary>Latent attention, plainly: keys and values of each head are made from c, nothing is absorbed.</summary>
internal static class ReferenceLatentAttention
{
    public static float[][] Run(ReferenceDecoder decoder, LatentAttentionOperator latent, float[][] input)
    {
        var (count, rank, plain, turning) = (latent.Core.Heads.Count, latent.Rank, latent.PlainSize, latent.TurningSize);
        var rope = latent.Core.Rope!;
        var down = latent.QueryDown is null ? input : [.. decoder.Linear(input, latent.QueryDown).Select(row => decoder.Norm(row, decoder.Weights(latent.QueryNorm!)))];
        var queries = decoder.Linear(down, latent.Core.Query);
        var rows = decoder.Linear(input, latent.Core.Key!);
        float[][] latents = [.. rows.Select(row => decoder.Norm(row.AsSpan(0, rank), decoder.Weights(latent.LatentNorm)))];
        var mixed = input.Select(_ => new float[count * latent.ValueSize]).ToArray();
        for (var t = 0; t < input.Length; t++)
        {
            ReferenceOperators.Rotate(rope, rows[t].AsSpan(rank, turning), t);
        }

        for (var head = 0; head < count; head++)
        {
            var (up, down2) = (decoder.Weights(latent.KeyHeads[head]), decoder.Linear(latents, latent.ValueHeads[head]));
            var keys = latents.Select(c => Enumerable.Range(0, plain).Select(i => Enumerable.Range(0, rank).Sum(r => up[(r * plain) + i] * c[r])).ToArray()).ToArray();
            for (var t = 0; t < input.Length; t++)
            {
                var query = queries[t].AsSpan(head * (plain + turning), plain + turning);
                ReferenceOperators.Rotate(rope, query[plain..], t);
                var scores = new float[t + 1];
                for (var s = 0; s <= t; s++)
                {
                    scores[s] = latent.Core.Scale
                        * (ReferenceDecoder.Dot(query[..plain], keys[s]) + ReferenceDecoder.Dot(query[plain..], rows[s].AsSpan(rank, turning)));
                }

                var shares = ReferenceOperators.Softmax(scores);
                for (var s = 0; s <= t; s++)
                {
                    ReferenceDecoder.AddScaled(mixed[t].AsSpan(head * latent.ValueSize, latent.ValueSize), down2[s], shares[s]);
                }
            }
        }

        return decoder.Linear(mixed, latent.Core.Output);
    }
}
