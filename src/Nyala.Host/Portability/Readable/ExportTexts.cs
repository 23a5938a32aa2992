namespace Nyala.Host.Portability.Readable;

/// <summary>The words of a readable copy, in one language.</summary>
sealed record ExportTexts
{
    public required string Language { get; init; }
    public required string Title { get; init; }
    public required string Made { get; init; }
    public required string Keep { get; init; }
    public required string Profile { get; init; }
    public required string Address { get; init; }
    public required string Since { get; init; }
    public required string Nickname { get; init; }
    public required string Picture { get; init; }
    public required string FullName { get; init; }
    public required string Email { get; init; }
    public required string Phone { get; init; }
    public required string About { get; init; }
    public required string Birthday { get; init; }
    public required string Organisation { get; init; }
    public required string WebPage { get; init; }
    public required string Directory { get; init; }
    public required string NotInDirectory { get; init; }
    public required string Chats { get; init; }
    public required string ChatsWhat { get; init; }
    public required string NoChats { get; init; }
    public required string Messages { get; init; }
    public required string MoreChats { get; init; }
    public required string Contacts { get; init; }
    public required string NoContacts { get; init; }
    public required string Both { get; init; }
    public required string YouSee { get; init; }
    public required string TheySee { get; init; }
    public required string NeitherSees { get; init; }
    public required string Asked { get; init; }
    public required string Blocked { get; init; }
    public required string Groups { get; init; }
    public required string GroupsWhat { get; init; }
    public required string NoGroups { get; init; }
    public required string Owner { get; init; }
    public required string Admin { get; init; }
    public required string Member { get; init; }
    public required string Banned { get; init; }
    public required string Bookmarked { get; init; }
    public required string Files { get; init; }
    public required string FilesWhat { get; init; }
    public required string NoFiles { get; init; }
    public required string LeftOut { get; init; }
    public required string Devices { get; init; }
    public required string DevicesWhat { get; init; }
    public required string NoDevices { get; init; }
    public required string Until { get; init; }
    public required string Push { get; init; }
    public required string NoPush { get; init; }
    public required string Raw { get; init; }
    public required string RawWhat { get; init; }
    public required string You { get; init; }
    public required string Back { get; init; }
    public required string Older { get; init; }
    public required string Newer { get; init; }
    public required string Part { get; init; }
    public required string Encrypted { get; init; }
    public required string TakenBack { get; init; }
    public required string TookBack { get; init; }
    public required string Corrected { get; init; }
    public required string Reacted { get; init; }
    public required string Call { get; init; }
    public required string Invitation { get; init; }
    public required string Undelivered { get; init; }

    /// <summary>What a fact of a card is called: by the first of its elements' names, in either of the two formats.</summary>
    public string CardName(string name) => name.Split(' ')[0].ToUpperInvariant() switch
    {
        "FN" => FullName,
        "NICKNAME" => Nickname,
        "EMAIL" => Email,
        "TEL" => Phone,
        "DESC" or "NOTE" => About,
        "BDAY" => Birthday,
        "ORG" => Organisation,
        "URL" => WebPage,
        _ => name,
    };

    /// <summary>The words of a language tag; English where there are none.</summary>
    public static ExportTexts For(string? language) =>
        language?.Split('-')[0].ToUpperInvariant() is "ID" or "IN" ? Indonesian : English;

    public static ExportTexts English { get; } = new()
    {
        Language = "en",
        Title = "Your data",
        Made = "Made on {0}. All times are in UTC.",
        Keep = "This copy holds your messages: keep it to yourself. It needs no network and runs nothing.",
        Profile = "Profile",
        Address = "Address",
        Since = "since",
        Nickname = "Nickname",
        Picture = "Your picture",
        FullName = "Name",
        Email = "E-mail",
        Phone = "Phone",
        About = "About",
        Birthday = "Birthday",
        Organisation = "Organisation",
        WebPage = "Web page",
        Directory = "In the directory",
        NotInDirectory = "You are not in it.",
        Chats = "Chats",
        ChatsWhat = "What the server keeps of them. Receipts and typing states are in the file for programs alone.",
        NoChats = "The server keeps no messages of yours.",
        Messages = "messages",
        MoreChats = "There are more chats than are shown here; all of them are in the file for programs.",
        Contacts = "Contacts",
        NoContacts = "You have no contacts.",
        Both = "You see each other",
        YouSee = "You see them",
        TheySee = "They see you",
        NeitherSees = "Neither sees the other",
        Asked = "asked",
        Blocked = "Blocked",
        Groups = "Groups",
        GroupsWhat = "What is said in a group belongs to the group and is not in this copy.",
        NoGroups = "You are in no groups.",
        Owner = "Owner",
        Admin = "Admin",
        Member = "Member",
        Banned = "Banned",
        Bookmarked = "Bookmark",
        Files = "Files you have sent",
        FilesWhat = "As the server has them: what an app has encrypted opens in that app alone.",
        NoFiles = "The server keeps no files of yours.",
        LeftOut = "not in this copy, which is full",
        Devices = "Devices",
        DevicesWhat = "Those that may log in again without a password.",
        NoDevices = "None.",
        Until = "until",
        Push = "Wake-up services",
        NoPush = "None of your devices is woken by push.",
        Raw = "For programs",
        RawWhat = "Everything in the format servers exchange (XEP-0227), without the keys to log in.",
        You = "You",
        Back = "All your data",
        Older = "Older",
        Newer = "Newer",
        Part = "part",
        Encrypted = "Encrypted message: only your devices can read it.",
        TakenBack = "This message was taken back.",
        TookBack = "A message was taken back.",
        Corrected = "corrected",
        Reacted = "Reaction",
        Call = "Call",
        Invitation = "Invitation to a group",
        Undelivered = "A message could not be delivered.",
    };

    public static ExportTexts Indonesian { get; } = new()
    {
        Language = "id",
        Title = "Data Anda",
        Made = "Dibuat pada {0}. Semua waktu dalam UTC.",
        Keep = "Salinan ini berisi pesan Anda: simpan untuk diri sendiri. Dapat dibuka tanpa jaringan dan tidak menjalankan apa pun.",
        Profile = "Profil",
        Address = "Alamat",
        Since = "sejak",
        Nickname = "Nama panggilan",
        Picture = "Foto Anda",
        FullName = "Nama",
        Email = "Surel",
        Phone = "Telepon",
        About = "Tentang",
        Birthday = "Tanggal lahir",
        Organisation = "Organisasi",
        WebPage = "Halaman web",
        Directory = "Di direktori",
        NotInDirectory = "Anda tidak terdaftar di sana.",
        Chats = "Obrolan",
        ChatsWhat = "Yang disimpan server. Tanda terima dan status mengetik hanya ada di berkas untuk program.",
        NoChats = "Server tidak menyimpan pesan Anda.",
        Messages = "pesan",
        MoreChats = "Ada lebih banyak obrolan daripada yang ditampilkan di sini; semuanya ada di berkas untuk program.",
        Contacts = "Kontak",
        NoContacts = "Anda tidak punya kontak.",
        Both = "Saling melihat",
        YouSee = "Anda melihatnya",
        TheySee = "Ia melihat Anda",
        NeitherSees = "Tidak saling melihat",
        Asked = "sudah diminta",
        Blocked = "Diblokir",
        Groups = "Grup",
        GroupsWhat = "Percakapan di grup adalah milik grup dan tidak ada di salinan ini.",
        NoGroups = "Anda tidak ada di grup mana pun.",
        Owner = "Pemilik",
        Admin = "Admin",
        Member = "Anggota",
        Banned = "Dikeluarkan",
        Bookmarked = "Markah",
        Files = "Berkas yang Anda kirim",
        FilesWhat = "Sebagaimana ada di server: berkas yang dienkripsi aplikasi hanya dapat dibuka di aplikasi itu.",
        NoFiles = "Server tidak menyimpan berkas Anda.",
        LeftOut = "tidak ada di salinan ini karena sudah penuh",
        Devices = "Perangkat",
        DevicesWhat = "Yang dapat masuk lagi tanpa kata sandi.",
        NoDevices = "Tidak ada.",
        Until = "sampai",
        Push = "Layanan pembangun",
        NoPush = "Tidak ada perangkat Anda yang dibangunkan lewat push.",
        Raw = "Untuk program",
        RawWhat = "Semuanya dalam format pertukaran antarserver (XEP-0227), tanpa kunci untuk masuk.",
        You = "Anda",
        Back = "Semua data Anda",
        Older = "Lebih lama",
        Newer = "Lebih baru",
        Part = "bagian",
        Encrypted = "Pesan terenkripsi: hanya perangkat Anda yang dapat membacanya.",
        TakenBack = "Pesan ini ditarik kembali.",
        TookBack = "Sebuah pesan ditarik kembali.",
        Corrected = "diperbaiki",
        Reacted = "Reaksi",
        Call = "Panggilan",
        Invitation = "Undangan ke grup",
        Undelivered = "Sebuah pesan tidak dapat disampaikan.",
    };
}
