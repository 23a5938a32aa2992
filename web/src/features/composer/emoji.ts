/** The emoji of the picker by group, in the order people look for them. Loaded with the picker only. */
const text = {
  faces: '😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😗 😚 😙 🥲 😋 😛 😜 🤪 😝 🤑 🤗 🤭 🤫 🤔 🤐 🤨 😐 😑 😶 😏 😒 🙄 😬 😌 😔 😪 🤤 😴 😷 🤒 🤕 🤢 🤮 🤧 🥵 🥶 🥴 😵 🤯 🤠 🥳 😎 🤓 🧐 😕 😟 🙁 😮 😯 😲 😳 🥺 😦 😧 😨 😰 😥 😢 😭 😱 😖 😣 😞 😓 😩 😫 🥱 😤 😡 😠 🤬 😈 💀 💩 🤡 👻 👽 🤖 😺 😸 😹 😻 😼 😽 🙀 😿 😾 🙈 🙉 🙊',
  people: '👍 👎 👊 ✊ 🤛 🤜 🤞 ✌️ 🤟 🤘 👌 🤏 👈 👉 👆 👇 ☝️ ✋ 🤚 🖐️ 🖖 👋 🤙 💪 🙏 🤝 👏 🙌 👐 🤲 ✍️ 💅 🤳 👀 👂 👃 🧠 🦷 👅 👄 👶 🧒 👦 👧 🧑 👨 👩 🧓 👴 👵 🧕 👮 👷 💂 🕵️ 👩‍⚕️ 👨‍🌾 👩‍🍳 👨‍🎓 👩‍🏫 👨‍💻 👩‍🎨 🤷 🤦 🙋 🙇 💁 🙅 🙆 🧘 🏃 💃 🕺 👫 👪 👨‍👩‍👧‍👦 ❤️ 🧡 💛 💚 💙 💜 🖤 🤍 🤎 💔 ❣️ 💕 💞 💓 💗 💖 💘 💝 💯 💢 💥 💫 💦 💨 💬 💤',
  nature: '🐶 🐱 🐭 🐹 🐰 🦊 🐻 🐼 🐨 🐯 🦁 🐮 🐷 🐸 🐵 🐔 🐧 🐦 🐤 🦆 🦅 🦉 🦇 🐺 🐗 🐴 🦄 🐝 🐛 🦋 🐌 🐞 🐜 🦗 🕷️ 🐢 🐍 🦎 🦖 🐙 🦑 🦐 🦀 🐠 🐟 🐬 🐳 🦈 🐊 🐅 🐆 🦓 🐘 🦏 🐪 🦒 🦬 🐃 🐄 🐎 🐖 🐏 🐐 🦌 🐕 🐈 🐓 🦚 🦜 🌵 🎄 🌲 🌳 🌴 🌱 🌿 🍀 🎍 🍃 🍂 🍁 🍄 🌾 💐 🌷 🌹 🥀 🌺 🌸 🌼 🌻 🌞 🌝 🌛 🌙 ⭐ 🌟 ✨ ⚡ 🔥 🌈 ☀️ ⛅ ☁️ 🌧️ ⛈️ ❄️ 💧 🌊',
  food: '🍏 🍎 🍐 🍊 🍋 🍌 🍉 🍇 🍓 🍈 🍒 🍑 🥭 🍍 🥥 🥝 🍅 🍆 🥑 🥦 🥬 🥒 🌶️ 🌽 🥕 🧄 🧅 🥔 🍠 🥐 🍞 🥖 🧀 🥚 🍳 🥞 🥓 🍗 🍖 🌭 🍔 🍟 🍕 🥪 🌮 🌯 🥗 🍝 🍜 🍲 🍛 🍣 🍱 🥟 🍤 🍙 🍚 🍘 🍢 🍡 🍧 🍨 🍦 🥧 🧁 🍰 🎂 🍮 🍭 🍬 🍫 🍿 🍩 🍪 🥜 🍯 🥛 ☕ 🍵 🧃 🥤 🧋 🍶 🍺 🧊 🥄 🍴 🍽️',
  places: '🚗 🚕 🚙 🚌 🚎 🏎️ 🚓 🚑 🚒 🚐 🚚 🚛 🚜 🛵 🏍️ 🛺 🚲 🛴 🚂 🚆 🚇 ✈️ 🛫 🛬 🚁 🚀 ⛵ 🚤 ⛴️ 🚢 ⚓ ⛽ 🚦 🗺️ 🗿 🗽 🗼 🏰 🏯 🏟️ 🎡 🎢 🏖️ 🏝️ 🏜️ 🌋 ⛰️ 🏔️ 🏕️ ⛺ 🏠 🏡 🏗️ 🏭 🏢 🏬 🏥 🏦 🏨 🏪 🏫 💒 🏛️ ⛪ 🕌 🛕 🕋 🌄 🌅 🌇 🌃 🌉 🇮🇩 🇲🇾 🇸🇬 🇯🇵 🇸🇦 🇳🇱 🇬🇧 🇺🇸',
  things: '⚽ 🏀 🏈 ⚾ 🎾 🏐 🏸 🏓 🥊 🎣 🎯 🎮 🎲 🧩 🎨 🎬 🎤 🎧 🎸 🎹 🥁 🏆 🥇 🎟️ 🎁 🎈 🎉 🎊 📱 💻 ⌨️ 🖨️ 📷 📹 📺 📻 ⏰ ⌛ 🔋 🔌 💡 🔦 🕯️ 💸 💵 💳 💎 ⚖️ 🔧 🔨 🛠️ 🔑 🔒 🔓 🚪 🛏️ 🛋️ 🚿 🧹 🧺 🧼 🛒 📦 📫 📜 📄 📊 📅 📌 📎 ✂️ 📝 ✏️ 📚 📖 🔍 💊 💉 🩺 🧪 🔬 🔭 👓 👕 👖 👗 👘 👠 👟 🎒 👜 🌂 ☂️ 💍',
  signs: '✅ ❌ ❓ ❗ ⭕ 🚫 ⚠️ ♻️ ✔️ ➕ ➖ ✖️ ♾️ ‼️ ⁉️ 🔔 🔕 📣 🔊 🔇 ▶️ ⏸️ ⏹️ 🔁 🔀 ⬆️ ⬇️ ⬅️ ➡️ ↩️ 🔄 🆗 🆕 🆓 🔝 🔜 🔴 🟠 🟡 🟢 🔵 🟣 ⚫ ⚪ 🟤 🔺 🔻 🔷 🔶 #️⃣ 0️⃣ 1️⃣ 2️⃣ 3️⃣ 🔟 ©️ ®️ ™️ ☪️ ✝️ 🕉️ ☸️ ✡️ ☯️ ♈ 🏁 🚩',
};

export type EmojiGroup = keyof typeof text;
export const emojiGroups = Object.entries(text).map(([name, signs]) => ({ name: name as EmojiGroup, signs: signs.split(' ') }));

const stored = 'nyala.emoji';
const most = 24;

/** The emoji used last on this device, newest first. */
export function recentEmoji(): string[] {
  return (localStorage.getItem(stored) ?? '').split(' ').filter((sign) => sign !== '');
}

export function rememberEmoji(sign: string): void {
  localStorage.setItem(stored, [sign, ...recentEmoji().filter((other) => other !== sign)].slice(0, most).join(' '));
}
