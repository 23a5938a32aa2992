using Xunit;

namespace Nyala.Interop.Tests.Stage;

/// <summary>A script in scenes/: it drives clients, prints what it sees, and ends with 0 when everything was as it should be.</summary>
static class Scene
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    /// <summary>Plays the script for these people; anything but success fails the test with all that was said.</summary>
    public static Task PlayAsync(Server server, string script, params IEnumerable<Person> people) => PlayAsync(server, script, "", people);

    /// <summary>Plays a script that needs to know more than people: what it finds in NYALA_SCENE.</summary>
    public static async Task PlayAsync(Server server, string script, string more, params IEnumerable<Person> people)
    {
        var file = Path.Combine(Folders.Project, "scenes", script);
        var environment = new Dictionary<string, string>(server.Addresses, StringComparer.Ordinal)
        {
            ["NYALA_SCENE"] = more,
            ["NYALA_SCREENSHOT"] = Path.Combine(Folders.Output, Path.ChangeExtension(script, ".png")),
        };
        var scene = ScriptProcess.Start(file, people.SelectMany(person => new[] { person.Jid, person.Password }), environment);
        await using (scene)
        {
            scene.Input.Close();
            var code = await scene.EndAsync(Limit);
            TestContext.Current.TestOutputHelper?.WriteLine(scene.Output);
            Assert.True(code == 0, $"{script} ended with {code}:\n{scene.Output}\n\nThe server's log ends:\n{server.Log}");
        }
    }
}
