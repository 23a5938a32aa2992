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

    [Fact]
    public Task Converse_sends_a_picture_that_the_other_one_shows()
    {
        Assert.SkipUnless(server.IsNyala, "Prosody is set up here without a service for files.");
        return PlayAsync("converse_upload.mjs", "npm packages", "chromium");
    }

    [Fact]
    public Task Converse_logs_in_and_chats_over_bosh() => PlayAsync("converse_bosh.mjs", "npm packages", "chromium");

    [Fact]
    public Task Strophe_talks_over_bosh_from_another_origin() => PlayAsync("strophe_bosh.mjs", "npm packages", "chromium");

    [Fact]
    public async Task Biboumi_brings_an_IRC_channel_to_a_client_and_the_client_to_the_channel()
    {
        Assert.SkipUnless(server.IsNyala, "The components are configured for Nyala only.");
        Tool.Need("slixmpp", "biboumi", "ngircd");
        await Scene.PlayAsync(server, "biboumi.py", await server.AddAsync("romeo"));
    }

    async Task PlayAsync(string script, params string[] clients)
    {
        Tool.Need(clients);
        await Scene.PlayAsync(server, script, await server.AddAsync("romeo"), await server.AddAsync("juliet"));
    }
}
