namespace Crescent.Grains.Contracts.Membership;

/// <summary>The newest state of a membership table that a process has seen. Safe for use by many threads.</summary>
internal sealed class RememberedTable
{
    private readonly Lock _lock = new();
    private byte[]? _bytes;
    private int _version;

    /// <summary>Whether what is remembered is newer than <paramref name="table"/>.</summary>
    public bool IsNewerThan(MemberTable table)
    {
        lock (_lock)
        {
            return _bytes is not null && _version > table.Version;
        }
    }

    /// <summary>Remembers a state, unless a newer one is known.</summary>
    public void Take(int version, byte[] bytes)
    {
        lock (_lock)
        {
            if (_bytes is null || version >= _version)
            {
                (_version, _bytes) = (version, bytes);
            }
        }
    }

    /// <summary>
    /// <paramref name="file"/>, or what is remembered where that is newer, with the living rows that only the file has: a silo may have joined by a file
    /// that somebody put there meanwhile. Null when there is neither.
    /// </summary>
    public MemberTable? Newest(MemberTable? file)
    {
        lock (_lock)
        {
            if (file is not null && (_bytes is null || file.Version >= _version))
            {
                (_version, _bytes) = (file.Version, file.ToBytes());
                return file;
            }

            if (_bytes is null)
            {
                return null;
            }

            var known = MemberTable.Parse(_bytes);
            var strangers = file?.Members.FindAll(row => !row.IsDead && !known.Members.Exists(k => k.Silo == row.Silo)) ?? [];
            if (strangers.Count > 0)
            {
                known.Members.AddRange(strangers);
                known.Advance(known.Version + 1);
            }

            return known;
        }
    }

    public void Forget()
    {
        lock (_lock)
        {
            _bytes = null;
        }
    }
}
