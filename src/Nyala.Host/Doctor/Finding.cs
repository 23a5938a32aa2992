namespace Nyala.Host.Doctor;

enum State
{
    Ok,
    Problem,
}

/// <summary>What a check found.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Text">What it is like.</param>
/// <param name="Remedy">What to do about a problem, or null.</param>
sealed record Finding(string Check, State State, string Text, string? Remedy = null)
{
    public static Finding Ok(string check, string text) => new(check, State.Ok, text);

    public static Finding Problem(string check, string text, string remedy) => new(check, State.Problem, text, remedy);
}
