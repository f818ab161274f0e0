;;; emacs.el --- Emacs with Eglot as a plain language client  -*- lexical-binding: t -*-

;; Delegates the TODO on a line by the command that a person runs, starts its Run, and accepts the result; the
;; questions come to `completing-read', which is answered here.  What was seen is written as JSON to $SEEN.

(setq user-emacs-directory (getenv "EMACS_HOME"))
(require 'cl-lib)
(require 'json)
(require 'project)
(require 'eglot)

(defvar seen-asked nil "Questions of the daemon, the newest first.")
(defvar seen-actions nil "The titles that were offered to choose from.")
(defvar seen-lenses nil)
(defvar seen-hover "")

(defun leave (problem)
  "Write what was seen, and PROBLEM unless it is nil; end Emacs."
  (with-temp-file (getenv "SEEN")
    (insert (json-encode `((problem . ,problem) (lenses . ,(vconcat seen-lenses)) (hover . ,seen-hover)
                           (actions . ,(vconcat seen-actions)) (asked . ,(vconcat (reverse seen-asked)))))))
  (kill-emacs (if problem 1 0)))

(defun wait-for (what seconds fits)
  "Wait until FITS returns something, which is returned; after SECONDS an error names WHAT."
  (let ((until (+ (float-time) seconds)) found)
    (while (not (setq found (funcall fits)))
      (when (> (float-time) until) (error "%s" what))
      (accept-process-output nil 0.1))
    found))

(defun answer (prompt choices &rest _)
  "What a person chooses of CHOICES where Emacs asks PROMPT."
  (let ((titles (mapcar (lambda (choice) (if (consp choice) (car choice) choice)) choices)))
    (if (string-prefix-p "[eglot] Pick an action" prompt)
        (progn (setq seen-actions titles) (car titles))
      (push prompt seen-asked)
      (or (cl-find "Start" titles :test #'equal) (cl-find "Accept" titles :test #'equal)))))

(defun guarded ()
  "The whole way."
  (advice-add 'completing-read :override #'answer)
  (add-to-list 'eglot-server-programs `((prog-mode text-mode) . (,(getenv "CONTEXTUNE") "serve" "--stdio")))
  (setq eglot-sync-connect 60 last-nonmenu-event ?x)
  (find-file (getenv "FILE"))
  (goto-char (point-min))
  (forward-line (1- (string-to-number (getenv "LINE"))))
  (forward-char 4)
  (call-interactively #'eglot)
  (let* ((server (wait-for "Eglot did not connect" 60 #'eglot-current-server))
         (document (eglot--TextDocumentIdentifier))
         (place (eglot--TextDocumentPositionParams)))
    (setq seen-lenses
          (wait-for "no code lens was shown" 30
                    (lambda ()
                      (mapcar (lambda (lens) (plist-get (plist-get lens :command) :title))
                              (jsonrpc-request server :textDocument/codeLens `(:textDocument ,document))))))
    (setq seen-hover (plist-get (plist-get (jsonrpc-request server :textDocument/hover place) :contents) :value))
    (call-interactively #'eglot-code-actions)
    (wait-for "the Run did not ask to be accepted" 90 (lambda () (>= (length seen-asked) 2)))
    (wait-for "the branch did not move" 30
              (lambda () (not (equal (getenv "HEAD") (string-trim (shell-command-to-string "git rev-parse HEAD"))))))
    (eglot-shutdown server nil 10)))

(condition-case problem (progn (guarded) (leave nil)) (error (leave (error-message-string problem))))
