namespace Nyala.Host.Configuration;

/// <summary>"Did you mean": the name that a mistyped one is nearest to.</summary>
static class Suggestion
{
    /// <summary>The nearest name within a third of its length, or null.</summary>
    public static string? For(string text, IEnumerable<string> names)
    {
        var wanted = text.ToUpperInvariant();
        var (best, name) = names
            .Select(name => (Distance: Distance(wanted, name.ToUpperInvariant()), name))
            .Append((int.MaxValue, ""))
            .MinBy(pair => pair.Item1);
        return best <= Math.Max(2, name.Length / 3) ? name : null;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.</summary>
    static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var replaced = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(replaced, 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
