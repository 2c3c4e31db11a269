using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Identity;

/// <summary>The keys that this front end takes now. A file that is damaged or gone while it runs changes nothing: the last good one goes on.</summary>
internal sealed partial class KeyBook
{
    private readonly AuthOptions _options;
    private readonly ProcessKey _own;
    private readonly ILogger<KeyBook> _logger;
    private readonly KeyStore? _store;
    private (DateTime Written, long Length)? _mark;
    private (DateTime Written, long Length)? _faultyMark;
    private volatile KnownKeys _keys = KnownKeys.None;

    /// <exception cref="StartException">The key file is not there, or damaged.</exception>
    public KeyBook(AuthOptions options, ProcessKey own, ILogger<KeyBook> logger)
    {
        _options = options;
        _own = own;
        _logger = logger;
        _store = options.KeyPath is { } path ? new KeyStore(path) : null;
        if (_store is not null)
        {
            _mark = _store.Mark;
            _keys = new KnownKeys(Read(_store));
            if (_keys.Count == 0)
            {
                LogEmpty(_store.Path);
            }
        }
    }

    /// <summary>Whether callers are asked who they are.</summary>
    public bool HasCallers => _options.Mode != AuthMode.None;

    /// <summary>Whether there is a file to look at.</summary>
    public bool HasFile => _store is not null;

    /// <summary>Reads a key file for a start.</summary>
    /// <exception cref="StartException">It is not there, or damaged.</exception>
    public static KeyFile Read(KeyStore store)
    {
        try
        {
            return store.Read();
        }
        catch (KeyFileException e)
        {
            throw new StartException($"{e.Message} Make one with `client key add NAME --file {store.Path}`, or name another with {Settings.AuthKeys.Option}.", e);
        }
    }

    /// <summary>Whose key it is; null for nobody's.</summary>
    public Caller? Find(string key)
    {
        if (!ApiKey.IsKey(key))
        {
            return null;
        }

        var hash = ApiKey.Hash(key);
        return _own.Is(hash) ? _own.Caller : _keys.Find(hash);
    }

    /// <summary>What a tenant may take: by the key file, by the configuration, or what goes for all.</summary>
    public TenantTerms TermsOf(string tenant) =>
        tenant == ProcessKey.Tenant ? TenantTerms.Unlimited
        : _keys.TermsOf(tenant) ?? _options.Tenants.GetValueOrDefault(tenant) ?? _options.Terms;

    /// <summary>Reads the file again if it has changed.</summary>
    public void Refresh()
    {
        if (_store is null || _store.Mark is var mark && mark == _mark)
        {
            return;
        }

        try
        {
            _keys = new KnownKeys(_store.Read());
            _mark = mark;
            LogRead(_store.Path, _keys.Count);
        }
        catch (KeyFileException e)
        {
            // Tried again at each look: who may read it can change without the file. Told once.
            if (mark != _faultyMark)
            {
                _faultyMark = mark;
                LogKept(e.Message, _keys.Count);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} has no key yet: nobody can call. Make one with `client key add NAME`.")]
    private partial void LogEmpty(string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} was read again: {Count} keys.")]
    private partial void LogRead(string path, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Fault} The {Count} keys that were read before go on.")]
    private partial void LogKept(string fault, int count);
}
