package slack

// skins are the tones of skin by their number.
var skins = map[string]string{"2": "\U0001F3FB", "3": "\U0001F3FC", "4": "\U0001F3FD", "5": "\U0001F3FE", "6": "\U0001F3FF"}

// emojis are the signs that people use most, by the name that Slack sends for them. What is not here keeps its name.
var emojis = map[string]string{
	"smile": "😄", "smiley": "😃", "grinning": "😀", "grin": "😁", "laughing": "😆", "satisfied": "😆", "sweat_smile": "😅",
	"joy": "😂", "rolling_on_the_floor_laughing": "🤣", "blush": "😊", "innocent": "😇", "slightly_smiling_face": "🙂",
	"upside_down_face": "🙃", "wink": "😉", "relieved": "😌", "heart_eyes": "😍", "kissing_heart": "😘", "yum": "😋",
	"stuck_out_tongue": "😛", "sunglasses": "😎", "nerd_face": "🤓", "star-struck": "🤩", "partying_face": "🥳", "smirk": "😏",
	"unamused": "😒", "disappointed": "😞", "pensive": "😔", "worried": "😟", "confused": "😕", "slightly_frowning_face": "🙁",
	"white_frowning_face": "☹️", "persevere": "😣", "confounded": "😖", "tired_face": "😫", "weary": "😩", "cry": "😢", "sob": "😭",
	"triumph": "😤", "angry": "😠", "rage": "😡", "exploding_head": "🤯", "flushed": "😳", "scream": "😱", "fearful": "😨",
	"cold_sweat": "😰", "hugging_face": "🤗", "thinking_face": "🤔", "shushing_face": "🤫", "neutral_face": "😐",
	"expressionless": "😑", "face_with_rolling_eyes": "🙄", "grimacing": "😬", "sleeping": "😴", "sweat": "😓", "see_no_evil": "🙈",
	"face_palm": "🤦", "shrug": "🤷", "skull": "💀", "robot_face": "🤖",
	"thumbsup": "👍", "+1": "👍", "thumbsdown": "👎", "-1": "👎", "ok_hand": "👌", "wave": "👋", "clap": "👏", "raised_hands": "🙌",
	"pray": "🙏", "muscle": "💪", "crossed_fingers": "🤞", "v": "✌️", "point_up": "☝️", "point_up_2": "👆", "point_down": "👇",
	"point_left": "👈", "point_right": "👉", "raised_hand": "✋", "handshake": "🤝", "writing_hand": "✍️", "eyes": "👀",
	"heart": "❤️", "broken_heart": "💔", "orange_heart": "🧡", "yellow_heart": "💛", "green_heart": "💚", "blue_heart": "💙",
	"purple_heart": "💜", "fire": "🔥", "sparkles": "✨", "star": "⭐", "tada": "🎉", "100": "💯", "boom": "💥", "zap": "⚡",
	"white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "warning": "⚠️", "exclamation": "❗", "heavy_exclamation_mark": "❗",
	"question": "❓", "bangbang": "‼️", "no_entry": "⛔", "no_entry_sign": "🚫", "rotating_light": "🚨", "red_circle": "🔴",
	"large_orange_circle": "🟠", "large_yellow_circle": "🟡", "large_green_circle": "🟢", "large_blue_circle": "🔵", "white_circle": "⚪",
	"black_circle": "⚫", "arrow_right": "➡️", "arrow_left": "⬅️", "arrow_up": "⬆️", "arrow_down": "⬇️",
	"information_source": "ℹ️", "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "alarm_clock": "⏰", "calendar": "📆", "date": "📅",
	"computer": "💻", "desktop_computer": "🖥️", "keyboard": "⌨️", "iphone": "📱", "telephone_receiver": "📞",
	"email": "📧", "envelope": "✉️", "paperclip": "📎", "link": "🔗", "lock": "🔒", "unlock": "🔓", "key": "🔑", "bulb": "💡",
	"wrench": "🔧", "hammer": "🔨", "gear": "⚙️", "bug": "🐛", "rocket": "🚀", "memo": "📝", "pushpin": "📌", "round_pushpin": "📍",
	"mag": "🔍", "bell": "🔔", "ticket": "🎫", "coffee": "☕", "beers": "🍻", "sunny": "☀️", "speech_balloon": "💬",
}
