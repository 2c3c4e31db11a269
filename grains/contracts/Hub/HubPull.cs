using System.Buffers;
using System.Security.Cryptography;

namespace Crescent.Grains.Contracts.Hub;

/// <summary>
/// Brings models from a hub into a folder: resumes what was begun, tries again where a connection is cut, and checks what has come against the hub's
/// checksums before anybody can open it.
/// </summary>
public sealed class HubPull(HubSettings settings, ModelFolder folder, TimeProvider time)
{
    private const int BufferBytes = 1 << 20;
    private const string PartSuffix = ".part";
    private const int MostRevisions = 64;

    private static readonly TimeSpan Telling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>The model that a reference means, from the folder where it is there; the hub is not asked then.</summary>
    /// <param name="reference">Which.</param>
    /// <param name="offline">Whether the hub may not be asked.</param>
    /// <param name="progress">Told every two seconds.</param>
    /// <param name="cancellationToken">Ends it; what has come stays for the next time.</param>
    /// <exception cref="HubException">It cannot be had; the message says why.</exception>
    public async Task<PulledModel> Have(HubReference reference, bool offline, Action<PullProgress> progress, CancellationToken cancellationToken) =>
        folder.Find(reference) ?? (offline
            ? throw new HubException($"{reference} is not in {folder.Path}, and the hub is not asked", $"Bring it with `pull {reference}` where the hub can be reached, or start without --offline.")
            : await Pull(reference, progress, cancellationToken));

    /// <summary>Brings the model that a reference means as the hub has it now.</summary>
    /// <exception cref="HubException">It cannot be had; the message says why.</exception>
    public async Task<PulledModel> Pull(HubReference reference, Action<PullProgress> progress, CancellationToken cancellationToken)
    {
        using var hub = new HubClient(settings, time, note => progress(new PullProgress(reference.ToString(), 0, 0, 0, note)));
        var commit = await hub.GetCommit(reference, cancellationToken);
        var model = HubModel.Choose(reference, await hub.GetFiles(reference, commit, cancellationToken));
        var target = folder.FolderOf(reference, model);
        try
        {
            using var owned = await folder.Lock(reference, () => progress(new PullProgress(model.Name, 0, model.Bytes, 0, "another process brings files of this repository; waiting for it")), cancellationToken);
            var there = ModelFolder.Read(target);
            if (there is null)
            {
                Directory.CreateDirectory(target);
                ModelFolder.Clear(target, model, PartSuffix);
                CheckSpace(target, model);
                var meter = new PullMeter(model, progress, time, Telling);
                foreach (var file in model.Files)
                {
                    await Fetch(hub, reference, commit, file, target, meter, cancellationToken);
                }
            }

            var pulled = new PulledModel
            {
                Repository = reference.Path,
                Name = model.Name,
                Commit = commit,
                Revisions = Revisions(there, reference, commit),
                Files = model.Files,
                Pulled = time.GetUtcNow(),
                Folder = target,
            };
            ModelFolder.Write(pulled);
            return pulled;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"{model.Name} cannot be kept in {target}: {e.Message}", "See that the folder can be written to and has room; CRESCENT_HOME moves it.", e);
        }
    }

    /// <summary>Where this content was found: now, and before.</summary>
    private static string[] Revisions(PulledModel? there, HubReference reference, string commit)
    {
        string[] now = [reference.Revision ?? HubReference.Main, commit];
        var before = there is null ? [] : there.Revisions ?? [HubReference.Main, there.Commit];
        return [.. now.Concat(before).Distinct(StringComparer.Ordinal).Take(MostRevisions)];
    }

    private static void CheckSpace(string target, HubModel model)
    {
        var there = model.Files.Sum(file => Length(Path.Combine(target, file.Name)) + Length(Path.Combine(target, file.Name + PartSuffix)));
        var free = new DriveInfo(target).AvailableFreeSpace;
        if (model.Bytes - there > free)
        {
            throw new HubException(FormattableString.Invariant($"{model.Name} takes {model.Bytes - there:#,0} bytes more, and {target} has room for {free:#,0}"), "Make room (`models remove`), or move the folder with CRESCENT_HOME.");
        }
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private async Task Fetch(HubClient hub, HubReference reference, string commit, HubFile file, string target, PullMeter meter, CancellationToken cancellationToken)
    {
        var path = Path.Combine(target, file.Name);
        if (Length(path) == file.Bytes)
        {
            // It came whole and right before something else ended the pull.
            meter.Begin(file.Bytes);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using (var part = new FileStream(path + PartSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous))
            {
                await Fill(hub, reference, commit, file, part, buffer, meter, cancellationToken);
                part.Flush(flushToDisk: true);
            }

            File.Move(path + PartSuffix, path, overwrite: true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task Fill(HubClient hub, HubReference reference, string commit, HubFile file, FileStream part, byte[] buffer, PullMeter meter, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await Resume(part, file, hash, buffer, cancellationToken);
        meter.Begin(part.Length);
        var (most, vain) = (part.Length, 0);
        while (part.Length < file.Bytes)
        {
            var fault = await Read(hub, reference, commit, file, part, hash, buffer, meter, cancellationToken);
            (most, vain) = part.Length > most ? (part.Length, 0) : (most, vain + 1);
            if (part.Length >= file.Bytes)
            {
                break;
            }

            if (vain >= settings.Tries)
            {
                throw new HubException(
                    FormattableString.Invariant($"{file.Name} stops at {part.Length:#,0} of {file.Bytes:#,0} bytes, and {vain} tries brought no more: {fault?.Message ?? "the connection ended"}"),
                    "Try again later: what has come is kept.",
                    fault);
            }

            meter.Tell($"the connection ended ({fault?.Message ?? "too early"}); trying again");
            await Task.Delay(TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, settings.Pause.Ticks << Math.Max(0, vain - 1))), time, cancellationToken);
        }

        var sum = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (sum != file.Sha256)
        {
            part.SetLength(0);
            throw new HubException($"{file.Name} came with the checksum {sum}, and the hub says {file.Sha256}", "It was thrown away; pull it again, and mistrust what stands between here and the hub if that goes on.");
        }
    }

    /// <summary>Takes over what an earlier pull has left.</summary>
    private static async Task Resume(FileStream part, HubFile file, IncrementalHash hash, byte[] buffer, CancellationToken cancellationToken)
    {
        if (part.Length > file.Bytes)
        {
            part.SetLength(0);
        }

        int read;
        while ((read = await part.ReadAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
        }
    }

    /// <summary>Reads on until the connection ends; null, or why it ended. What it throws is of the disk.</summary>
    private async Task<Exception?> Read(
        HubClient hub, HubReference reference, string commit, HubFile file, FileStream part, IncrementalHash hash, byte[] buffer, PullMeter meter, CancellationToken cancellationToken)
    {
        HubContent content;
        try
        {
            content = await hub.Open(reference, commit, file, part.Length, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return e;
        }

        using var open = content;
        if (content.From != part.Length)
        {
            // A server that cannot go on begins again, and so does this.
            part.SetLength(0);
            part.Position = 0;
            hash.GetHashAndReset();
            meter.Again();
            if (content.From != 0)
            {
                return null;
            }
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (part.Length < file.Bytes)
        {
            int read;
            patience.CancelAfter(settings.Patience);
            try
            {
                read = await content.Stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferBytes, file.Bytes - part.Length)), patience.Token);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                return new TimeoutException($"nothing came for {settings.Patience.TotalSeconds:0.#} s", e);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return e;
            }

            if (read == 0)
            {
                return null;
            }

            await part.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            hash.AppendData(buffer, 0, read);
            meter.Add(read);
        }

        return null;
    }
}
