using FsCheck;
using FsCheck.Fluent;
using Nyala.Federation.Naming;
using Xunit;

namespace Nyala.Fuzz;

/// <summary>DNS answers come from strangers: whatever the bytes, reading them ends, and gives names of hosts or nothing.</summary>
public sealed class ServiceRecordProperties
{
    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(20_000);

    /// <summary>One question, two SRV records, the second's target a pointer into the first's.</summary>
    static readonly byte[] Good =
    [
        0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0,
        1, (byte)'a', 4, (byte)'t', (byte)'e', (byte)'s', (byte)'t', 0, 0, 33, 0, 1,
        0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 11, 0, 5, 0, 10, 0x14, 0x95, 2, (byte)'x', (byte)'1', 0xC0, 14,
        0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 8, 0, 1, 0, 0, 0x14, 0x96, 0xC0, 42,
    ];

    [Fact]
    public void A_good_answer_is_understood()
    {
        Assert.True(ServiceRecords.TryRead(Good, out var records));
        Assert.Equal([new(5, 10, 5269, "x1.test"), new(1, 0, 5270, "x1.test")], records);
    }

    [Fact]
    public void Any_bytes_are_survived() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), bytes => Holds([.. Good.AsSpan(0, 12), .. bytes])).Check(Many);

    [Fact]
    public void A_changed_answer_is_survived() => Prop.ForAll(
        Gen.Choose(0, Good.Length - 1).SelectMany(at => Gen.Choose(0, 255).Select(value => (at, value))).ListOf(3).ToArbitrary(),
        changes =>
        {
            byte[] bytes = [.. Good];
            foreach (var (at, value) in changes)
            {
                bytes[at] = (byte)value;
            }

            return Holds(bytes) && Holds(bytes.AsSpan(0, changes.Count == 0 ? 0 : changes[0].at));
        }).Check(Many);

    static bool Holds(ReadOnlySpan<byte> answer) =>
        !ServiceRecords.TryRead(answer, out var records)
        || records.TrueForAll(record => record.Target.Length <= 255 && record.Target.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_'));
}
