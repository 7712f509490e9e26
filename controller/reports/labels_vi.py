"""The Vietnamese words for every reason, as they stand in a report to people who know no codes."""

from collections.abc import Mapping
from typing import Final

from controller.errors import Reason

OUTSIDE: Final = "chưa được đưa vào đợt rà quét"
"""Said of a computer of the roster that was not given to the sweep."""

REASONS: Final[Mapping[Reason, str]] = {
    Reason.MATCH_FOUND: "còn dấu hiệu mã độc thuộc danh sách đã được xác định",
    Reason.FINDING_OPEN: "công cụ phát hiện mã độc nhưng chưa gỡ bỏ được",
    Reason.REBOOT_PENDING: "chờ khởi động lại để hoàn tất việc gỡ bỏ mã độc",
    Reason.REACH_NAME: "không xác định được địa chỉ của máy trên mạng",
    Reason.REACH_ROUTE: "không có đường truyền đến máy",
    Reason.REACH_REFUSED: "máy từ chối kết nối quản trị từ xa",
    Reason.REACH_TIMEOUT: "máy không trả lời (tắt máy hoặc mất kết nối mạng)",
    Reason.TLS_FAILED: "chứng thư của máy không đáng tin cậy",
    Reason.HOSTKEY_UNKNOWN: "chưa xác nhận được khóa nhận dạng của máy",
    Reason.HOSTKEY_CHANGED: "khóa nhận dạng của máy đã thay đổi, chưa rõ nguyên nhân",
    Reason.SSH_INCOMPATIBLE: "dịch vụ SSH của máy không tương thích (quá cũ)",
    Reason.LOGIN_REFUSED: "máy từ chối tài khoản quản trị",
    Reason.LOGIN_UNANSWERED: "máy không trả lời yêu cầu đăng nhập",
    Reason.ACCOUNT_STOPPED: "tạm dừng đăng nhập để tránh khóa tài khoản quản trị",
    Reason.ACCESS_DENIED: "tài khoản quản trị không được phép đăng nhập từ xa",
    Reason.QUOTA_EXCEEDED: "máy đã hết số phiên làm việc từ xa cho phép",
    Reason.CONNECTION_LOST: "mất kết nối trong khi rà quét",
    Reason.HOST_TIMEOUT: "quá thời gian cho phép mà chưa rà quét xong",
    Reason.HOST_GONE: "máy không còn trong danh sách quản lý",
    Reason.HOST_PENDING: "chưa được rà quét",
    Reason.VISIT_OPEN: "lần rà quét mới nhất bị ngắt giữa chừng",
    Reason.RIGHTS_MISSING: "tài khoản không có quyền quản trị trên máy",
    Reason.POWERSHELL_CONSTRAINED: "chính sách trên máy không cho phép chạy công cụ rà quét",
    Reason.POWERSHELL_OLD: "phiên bản PowerShell trên máy quá cũ",
    Reason.HOST_DISK_FULL: "ổ đĩa của máy không đủ chỗ trống",
    Reason.HOST_BUSY: "một lần rà quét khác đang chạy trên máy",
    Reason.FOLDER_UNSAFE: "thư mục làm việc trên máy không an toàn",
    Reason.IDENTITY_MISMATCH: "một máy khác trả lời tại địa chỉ này",
    Reason.IDENTITY_UNSURE: "chưa xác định được có đúng máy này không (không đọc được thông tin phần cứng)",
    Reason.IDENTITY_TWICE: "hai tên trong danh sách là cùng một máy tính này",
    Reason.SCRIPT_BLOCKED: "phần mềm phòng, chống vi-rút chặn việc rà quét",
    Reason.TOOL_BLOCKED: "phần mềm phòng, chống vi-rút chặn công cụ làm sạch",
    Reason.SYSROOT_MISSING: "ổ đĩa cần kiểm tra chưa được kết nối",
    Reason.PUSH_FAILED: "không chép được công cụ nguyên vẹn sang máy",
    Reason.ANSWER_GARBLED: "kết quả máy trả về không đọc được",
    Reason.ANSWER_CUT: "kết quả máy trả về bị cắt ngang",
    Reason.ANSWER_HUGE: "kết quả máy trả về vượt quá dung lượng cho phép",
    Reason.ANSWER_EMPTY: "kết quả máy trả về không đầy đủ",
    Reason.LOOK_NONE: "chưa có lượt rà quét nào hoàn thành",
    Reason.LOOK_STOPPED: "lượt rà quét dừng trước khi xem hết máy",
    Reason.LOOK_UNREAD: "có tệp chương trình không mở được để kiểm tra",
    Reason.MATCH_REVIEW: "có dấu hiệu nghi vấn, cần người xem xét",
    Reason.CLEANER_CONTRADICTION: "nhật ký và kết quả của công cụ làm sạch mâu thuẫn nhau",
    Reason.CLEANER_FAILED: "công cụ làm sạch bị lỗi",
    Reason.CLEANER_UNFINISHED: "công cụ làm sạch chưa chạy xong",
    Reason.CLEANER_UNREADABLE: "không đọc được nhật ký của công cụ làm sạch",
    Reason.CLEANER_PARTIAL: "công cụ làm sạch đã bỏ qua một số tệp, chưa quét hết",
    Reason.CLEAN_INTERRUPTED: "việc làm sạch bị ngắt giữa chừng",
    Reason.CLEAN_UNVERIFIED: "chưa xác minh được mã độc đã được gỡ bỏ",
    Reason.BUG: "chương trình rà quét bị lỗi",
}
