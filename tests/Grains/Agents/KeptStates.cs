using System.Collections.Concurrent;
using Crescent.Grains.Agents;
using Crescent.Grains.Storage;
using Orleans.Storage;

namespace Crescent.Tests.Grains.Agents;

/// <summary>A storage of grains that keeps text, says how much was written, and can fail.</summary>
internal sealed class KeptStates : IGrainStorage
{
    public ConcurrentDictionary<string, string> Texts { get; } = [];

    /// <summary>Characters that were written so far.</summary>
    public long Written { get; private set; }

    /// <summary>The longest that was written.</summary>
    public int Longest { get; private set; }

    /// <summary>Writes that are to fail from now on.</summary>
    public int Failures { get; set; }

    /// <summary>The log of a task.</summary>
    public TaskLog Log(string id) => new(new Head(this, id), this, id);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var text = Texts.GetValueOrDefault($"{stateName}:{grainId}");
        grainState.RecordExists = text is not null;
        grainState.ETag = text;
        grainState.State = (T)(object)new StoredDocument { Json = text ?? "" };
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (Failures > 0)
        {
            Failures--;
            throw new IOException("The disk is full.");
        }

        var key = $"{stateName}:{grainId}";
        Assert.Equal(Texts.GetValueOrDefault(key), grainState.ETag);
        Texts[key] = grainState.ETag = ((StoredDocument)(object)grainState.State!).Json;
        Written += grainState.ETag.Length;
        Longest = Math.Max(Longest, grainState.ETag.Length);
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Assert.True(Texts.TryRemove(new($"{stateName}:{grainId}", grainState.ETag!)));
        return Task.CompletedTask;
    }

    private sealed class Head : IPersistentState<StoredDocument>
    {
        private readonly KeptStates _states;
        private readonly GrainId _grain;
        private readonly GrainState<StoredDocument> _state = new() { State = new StoredDocument() };

        public Head(KeptStates states, string id)
        {
            _states = states;
            _grain = GrainId.Create("crescent.agent-task", id);
            ReadStateAsync().GetAwaiter().GetResult();
        }

        public StoredDocument State
        {
            get => _state.State!;
            set => _state.State = value;
        }

        public string Etag => _state.ETag!;

        public bool RecordExists => _state.RecordExists;

        public Task ReadStateAsync() => _states.ReadStateAsync("agent-task", _grain, _state);

        public Task WriteStateAsync() => _states.WriteStateAsync("agent-task", _grain, _state);

        public Task ClearStateAsync() => _states.ClearStateAsync("agent-task", _grain, _state);
    }
}
