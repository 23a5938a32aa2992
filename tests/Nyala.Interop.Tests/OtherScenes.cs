using Nyala.Interop.Tests.Stage;
using Xunit;

namespace Nyala.Interop.Tests;

/// <summary>A terminal, Node and a browser, one script each in scenes/.</summary>
public sealed class OtherScenes(Server server)
{
    [Fact]
    public Task Profanity_shows_on_its_screen_what_it_sends_and_receives() =>
        PlayAsync("profanity_screen.py", "slixmpp", "profanity", "tmux");

    [Fact]
    public Task Strophe_resumes_its_websocket_after_a_cut() => PlayAsync("strophe_resume.mjs", "npm packages");

    [Fact]
    public Task Xmppjs_logs_in_with_sasl2_bind2_and_comes_back_with_fast()
    {
        Assert.SkipUnless(server.IsNyala, "Debian's Prosody has no SASL2.");
        return PlayAsync("sasl2.mjs", "npm packages");
    }

    [Fact]
    public Task Converse_logs_in_chats_and_finds_the_conversation_again() =>
        PlayAsync("converse.mjs", "npm packages", "chromium");

    async Task PlayAsync(string script, params string[] clients)
    {
        Tool.Need(clients);
        await Scene.PlayAsync(server, script, await server.AddAsync("romeo"), await server.AddAsync("juliet"));
    }
}
