"""The steps of the acceptance run, and what runs, watches and reports them.

Slicer runs ``acceptance.py`` beside this folder; ``make test`` runs the same steps on stand-ins
(Testing/Python/panel/test_acceptance.py).

To add a step, write a function in the file of its subject in ``subjects`` (a new file is named in
``subjects/__init__.py``; steps run in that order, and in a file from top to bottom)::

    @step("copy", "Copy puts the numbers on the clipboard", limit=30, where=Where.WINDOW)
    def copy(run):
        run.need_case()
        run.click("copyButton")
        run.check("\\t" in slicer.app.clipboard().text(), "nothing is on the clipboard")

It has a name, one sentence that says what holds when it passed, and a limit in seconds, after
which Slicer is ended. ``run.check`` says what does not hold, and goes on no further; any exception
fails the step, as does a message, dialog or error in a slot that it did not expect
(`told.Told.take`), a descriptor 1 or 2 that is another than before, a process or an override
cursor left behind. ``raise Skipped(reason)`` for what cannot be tried here. Use the panel's
widgets and the methods of `BV5AnalysisLogic` that README and BV5Analysis.py document, so that the
step holds when the module's inside changes. A picture is taken after each step, named as the step.

`watchdog`, `processes`, `page`, `records` and `options` use the standard library only: they also
run outside of Slicer, when it hangs.
"""
