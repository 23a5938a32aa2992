namespace Nyala.Storage.Sqlite;

/// <summary>
/// A small number per bare address that sits in the archive's indexes. It only narrows a search (the address itself is
/// compared too), so it needs to be stable and cheap, not strong.
/// </summary>
static class AddressHash
{
    /// <summary>FNV-1a over the UTF-16 units before the resource.</summary>
    public static long OfBare(string address)
    {
        var hash = 2166136261u;
        foreach (var c in address)
        {
            if (c == '/')
            {
                break;
            }

            hash = (hash ^ c) * 16777619u;
        }

        return hash;
    }
}
