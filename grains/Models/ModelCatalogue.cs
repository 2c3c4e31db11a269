using Crescent.Engine.Model;

namespace Crescent.Grains.Models;

/// <summary>The models that the cluster serves, by all names that requests may call them. Owns what they were opened from.</summary>
public sealed class ModelCatalogue : IDisposable
{
    private readonly Dictionary<string, ServedModel> _aliases = new(StringComparer.OrdinalIgnoreCase);
    private bool _isKept;

    /// <param name="models">The models, one at least; the first serves requests that name none.</param>
    /// <param name="aliases">Further names: by alias the name of a model, or of an alias before it.</param>
    /// <param name="draft">A smaller model that guesses for them; null for none.</param>
    /// <exception cref="ArgumentException">Two models have one name, or an alias stands for none.</exception>
    public ModelCatalogue(IReadOnlyList<ServedModel> models, IEnumerable<KeyValuePair<string, string>>? aliases = null, LanguageModel? draft = null)
    {
        if (models.Count == 0)
        {
            throw new ArgumentException("A catalogue needs a model.", nameof(models));
        }

        All = models;
        Draft = draft;
        if (models.GroupBy(static model => model.Id).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Two models are called '{twice.Key}'.", nameof(models));
        }

        foreach (var (alias, name) in aliases ?? [])
        {
            if (models.FirstOrDefault(model => model.IsCalled(alias)) is { } own && Find(name) != own)
            {
                throw new ArgumentException($"The alias '{alias}' is a name of the model '{own.Id}' and cannot stand for '{name}'.", nameof(aliases));
            }

            _aliases[alias] = Find(name) ?? throw new ArgumentException($"The alias '{alias}' stands for '{name}', which is no model; there are {Names}.", nameof(aliases));
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<ServedModel> All { get; }

    /// <summary>A smaller model that guesses what devices' models go on with; null for none.</summary>
    public LanguageModel? Draft { get; }

    /// <summary>The one for requests that name none.</summary>
    public ServedModel Default => All[0];

    /// <summary>Their names in answers, for messages.</summary>
    public string Names => string.Join(", ", All.Select(static model => $"'{model.Id}'"));

    /// <summary>The model that <paramref name="name"/> means, null for the default; or null when there is none of that name. Case does not matter.</summary>
    public ServedModel? Find(string? name)
    {
        if (name is null)
        {
            return Default;
        }

        foreach (var known in All)
        {
            // Before what another may be called besides.
            if (string.Equals(known.Id, name, StringComparison.OrdinalIgnoreCase) || string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return known;
            }
        }

        if (_aliases.TryGetValue(name, out var model))
        {
            return model;
        }

        foreach (var known in All)
        {
            if (known.IsCalled(name))
            {
                return known;
            }
        }

        return null;
    }

    /// <summary>The name in answers of the model that devices know by <paramref name="name"/>; that itself where there is none.</summary>
    public string IdOf(string name)
    {
        foreach (var model in All)
        {
            if (model.Name == name)
            {
                return model.Id;
            }
        }

        return name;
    }

    /// <summary>From now on <see cref="Dispose"/> does nothing: what has not ended may read the models, and the process's end lets them go as well.</summary>
    public void Keep() => Volatile.Write(ref _isKept, true);

    public void Dispose()
    {
        if (Volatile.Read(ref _isKept))
        {
            return;
        }

        foreach (var opened in All.Select(static model => model.Model).Distinct())
        {
            opened.Dispose();
        }

        Draft?.Dispose();
    }
}
