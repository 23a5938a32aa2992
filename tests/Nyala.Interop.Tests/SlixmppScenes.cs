using Nyala.Interop.Tests.Stage;
using Xunit;

namespace Nyala.Interop.Tests;

/// <summary>Debian's slixmpp over TCP with STARTTLS, one script each in scenes/.</summary>
public sealed class SlixmppScenes(Server server)
{
    [Fact]
    public Task Every_login_the_client_knows_works_and_a_wrong_password_does_not() => PlayAsync("login.py", "romeo");

    [Fact]
    public Task Two_people_talk_and_every_character_arrives_in_order() => PlayAsync("chat.py", "romeo", "juliet");

    [Fact]
    public Task Two_people_subscribe_see_each_other_and_part() => PlayAsync("roster.py", "romeo", "juliet");

    [Fact]
    public Task A_second_device_sees_what_the_first_one_sends_and_receives() => PlayAsync("carbons.py", "romeo", "juliet");

    [Fact]
    public Task The_archive_reads_the_same_forwards_backwards_and_filtered() => PlayAsync("archive.py", "romeo", "juliet", "nurse");

    [Fact]
    public Task A_blocked_contact_learns_nothing_and_is_not_heard() => PlayAsync("blocking.py", "romeo", "juliet");

    [Fact]
    public Task A_receipt_comes_back_to_the_device_that_asked() => PlayAsync("receipts.py", "romeo", "juliet");

    [Fact]
    public Task After_a_cut_the_stream_resumes_and_nothing_is_lost_or_doubled() => PlayAsync("resume.py", "romeo", "juliet");

    [Fact]
    public Task What_is_sent_to_somebody_away_waits_and_comes_once() => PlayAsync("offline.py", "romeo", "juliet");

    [Fact]
    public Task An_inactive_phone_is_left_in_peace_until_something_matters() => PlayAsync("inactive.py", "romeo", "juliet");

    [Fact]
    public Task A_changed_password_is_the_only_one_that_works() => PlayAsync("password.py", "romeo");

    [Fact]
    public Task The_server_says_what_it_can_do_and_keeps_what_it_is_given() => PlayAsync("services.py", "romeo", "juliet");

    [Fact]
    public Task A_private_group_is_made_joined_read_moderated_and_left() => PlayAsync("rooms.py", "romeo", "juliet", "tybalt");

    [Fact]
    public Task A_contact_sees_the_avatar_and_nothing_that_is_private() => PlayAsync("personal.py", "romeo", "juliet");

    [Fact]
    public Task A_file_goes_up_and_its_address_leads_to_it()
    {
        Assert.SkipUnless(server.IsNyala, "Prosody is set up here without a service for files.");
        Tool.Need("aiohttp");
        return PlayAsync("files.py", "romeo", "juliet");
    }

    [Fact]
    public async Task Debians_coturn_accepts_the_credentials_for_calls_and_no_others()
    {
        Tool.Need("slixmpp", "turnserver");
        Assert.SkipUnless(server.IsNyala, "The configuration of the relay is printed by nyala.");
        await Scene.PlayAsync(server, "turn.py", await server.AddAsync("romeo"));
    }

    [Fact]
    public Task The_server_is_administered_from_a_client() => PlayAsync("administration.py", "prince", "romeo", "juliet");

    [Fact]
    public Task A_guest_comes_into_a_room_without_an_account() => PlayAsync("guest.py", "romeo");

    [Fact]
    public async Task A_component_talks_with_people_and_uses_the_privileges_it_has()
    {
        Assert.SkipUnless(server.IsNyala, "The components are configured for Nyala only.");
        await PlayAsync("component.py", "romeo", "juliet");
    }

    [Fact]
    public async Task Somebody_new_registers_in_band_and_leaves_again()
    {
        Tool.Need("slixmpp");
        await Scene.PlayAsync(server, "register.py", server.Invent("newcomer"));
    }

    async Task PlayAsync(string script, params string[] parts)
    {
        Tool.Need("slixmpp");
        var people = await Task.WhenAll(parts.Select(server.AddAsync));
        await Scene.PlayAsync(server, script, people);
    }
}
