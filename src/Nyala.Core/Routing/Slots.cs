namespace Nyala.Core.Routing;

/// <summary>A typed place for a feature's state on a session or an account; private to the feature that declares it.</summary>
/// <param name="name">For people who debug.</param>
public sealed class SlotKey<T>(string name)
{
    internal int Index { get; } = SlotNumbers.Next();

    public override string ToString() => name;
}

static class SlotNumbers
{
    static int Last = -1;

    internal static int Next() => Interlocked.Increment(ref Last);
}

/// <summary>What <see cref="SlotKey{T}"/> opens. Costs nothing until something is put in. Safe from any thread.</summary>
public struct Slots
{
    object?[]? _values;

    public readonly T? Get<T>(SlotKey<T> key)
    {
        var values = Volatile.Read(in _values);
        return values is not null && key.Index < values.Length && values[key.Index] is T value ? value : default;
    }

    public void Set<T>(SlotKey<T> key, T? value)
    {
        while (true)
        {
            var values = Volatile.Read(ref _values);
            if (values is not null && key.Index < values.Length)
            {
                values[key.Index] = value;
                if (ReferenceEquals(values, Volatile.Read(ref _values)))
                {
                    return;
                }

                continue;
            }

            var grown = new object?[key.Index + 1];
            values?.CopyTo(grown, 0);
            grown[key.Index] = value;
            if (Interlocked.CompareExchange(ref _values, grown, values) == values)
            {
                return;
            }
        }
    }
}
