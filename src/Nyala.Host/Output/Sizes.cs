using System.Globalization;

namespace Nyala.Host.Output;

/// <summary>Sizes in words people read.</summary>
static class Sizes
{
    public static string Show(long bytes) => bytes switch
    {
        < 1_024 => Number(bytes, "B"),
        < 1_048_576 => Number(bytes / 1_024.0, "KiB"),
        < 1_073_741_824 => Number(bytes / 1_048_576.0, "MiB"),
        _ => Number(bytes / 1_073_741_824.0, "GiB"),
    };

    static string Number(double value, string unit) => value.ToString(value >= 100 || unit == "B" ? "0" : "0.#", CultureInfo.InvariantCulture) + " " + unit;
}
